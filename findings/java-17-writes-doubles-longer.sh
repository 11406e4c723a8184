#!/usr/bin/env bash
# Guess:    all languages write the shortest text that reads back as the same double, so that canonical JSON differs in form
#           only (`2.0E23`, `2e+23`).
# Fact:     up to Java 18 `Double.toString` at times writes more digits: 2e23 is 1.9999999999999998E23 (JDK-4511638, mended
#           in 19). Jackson uses it, so Jackson on Java 17 does the same, unless USE_FAST_DOUBLE_WRITER is set. Node, Python
#           and Go write the shortest.
# Matters:  reading is exact, so nothing is lost; but an event that a Java service re-encodes has other bytes, and another
#           hash, than the same event re-encoded elsewhere, for some numbers only, so that tests rarely meet one.
#           Canonicalize with RFC 8785 code, not with a JSON writer that sorts its keys.
# Versions: Java 17 or 18, jackson-databind 2.21.8 (Maven). Node 20, Python 3, Go 1.21 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
case $(java -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p') in
  17 | 18) ;;
  *) echo 'This needs Java 17 or 18 as `java`: later versions write the shortest text.' && exit 1 ;;
esac

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.fasterxml.jackson.core</groupId>
      <artifactId>jackson-databind</artifactId>
      <version>2.21.8</version>
    </dependency>
  </dependencies>
</project>
XML
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies >maven.log || { cat maven.log; exit 1; }

cat >Run.java <<'JAVA'
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

public class Run {
    public static void main(String[] texts) throws Exception {
        var plain = new ObjectMapper();
        var fast = JsonMapper.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();
        for (String text : texts) {
            Object read = plain.readValue(text, Object.class);
            String written = plain.writeValueAsString(read);
            System.out.printf("%s: Jackson %s, its fast writer %s, equal when read: %b%n",
                text, written, fast.writeValueAsString(read), plain.readValue(written, Object.class).equals(read));
        }
    }
}
JAVA
cat >run.mjs <<'JS'
for (const text of process.argv.slice(2)) console.log(`${text}: Node ${JSON.stringify(JSON.parse(text))}`);
JS
cat >run.py <<'PY'
import json, sys
for text in sys.argv[1:]:
    print(f'{text}: Python {json.dumps(json.loads(text))}')
PY
cat >run.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	for _, text := range os.Args[1:] {
		var value any
		json.Unmarshal([]byte(text), &value)
		written, _ := json.Marshal(value)
		fmt.Printf("%s: Go %s\n", text, written)
	}
}
GO

expected='0.1: Jackson 0.1, its fast writer 0.1, equal when read: true
2e23: Jackson 1.9999999999999998E23, its fast writer 2.0E23, equal when read: true
8.41e21: Jackson 8.409999999999999E21, its fast writer 8.41E21, equal when read: true
0.1: Node 0.1
2e23: Node 2e+23
8.41e21: Node 8.41e+21
0.1: Python 0.1
2e23: Python 2e+23
8.41e21: Python 8.41e+21
0.1: Go 0.1
2e23: Go 2e+23
8.41e21: Go 8.41e+21'
numbers=(0.1 2e23 8.41e21)
seen=$(
  java -cp 'target/dependency/*' Run.java "${numbers[@]}"
  node run.mjs "${numbers[@]}"
  python3 run.py "${numbers[@]}"
  go run run.go "${numbers[@]}"
)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
