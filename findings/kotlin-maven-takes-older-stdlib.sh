#!/usr/bin/env bash
# Guess:    kotlin-maven-plugin compiles with, or at least insists on, a standard library of its own version, as the Gradle
#           plugin adds it.
# Fact:     Maven takes the kotlin-stdlib that the nearest dependency names, here 1.9.21 of kotlinx-coroutines 1.8.0. The compiler 2.2.21
#           compiles against it without a warning and writes calls of a class that only newer libraries have: a suspend function with a
#           variable that is not used after a suspension fails with NoClassDefFoundError: kotlin/coroutines/jvm/internal/SpillingKt.
# Matters:  the build is green and the program starts; a server answers 500 from its first request on. Add
#           org.jetbrains.kotlin:kotlin-stdlib of the plugin's version as a dependency of its own.
# Versions: kotlin-maven-plugin 2.2.21, kotlinx-coroutines-core-jvm 1.8.0 (Maven Central). Maven 3.8, Java 17.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir -p src/main/kotlin
cat >src/main/kotlin/Run.kt <<'KT'
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield

suspend fun greet(): String {
    val name = listOf("world").first()
    val greeting = "hello $name"
    yield()
    return greeting
}

fun main() = println(runBlocking { greet() })
KT
pom() { # with what is given as further dependencies
  cat <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <properties>
    <kotlin.compiler.jvmTarget>17</kotlin.compiler.jvmTarget>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.jetbrains.kotlinx</groupId>
      <artifactId>kotlinx-coroutines-core-jvm</artifactId>
      <version>1.8.0</version>
    </dependency>
    $1
  </dependencies>
  <build>
    <sourceDirectory>src/main/kotlin</sourceDirectory>
    <plugins>
      <plugin>
        <groupId>org.jetbrains.kotlin</groupId>
        <artifactId>kotlin-maven-plugin</artifactId>
        <version>2.2.21</version>
        <executions>
          <execution>
            <phase>compile</phase>
            <goals><goal>compile</goal></goals>
          </execution>
        </executions>
      </plugin>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>3.9.0</version>
        <executions>
          <execution>
            <phase>compile</phase>
            <goals><goal>copy-dependencies</goal></goals>
          </execution>
        </executions>
      </plugin>
    </plugins>
  </build>
</project>
XML
}
run() { # NAME DEPENDENCY
  pom "$2" >pom.xml
  rm -rf target
  mvn --batch-mode compile >maven.log 2>&1 || { cat maven.log; return 1; }
  echo "$1: $(cd target/dependency && echo kotlin-stdlib-[0-9]*.jar), warnings of the compiler: $(grep -c '^\[WARNING\].*stdlib' maven.log || true)"
  java -cp 'target/classes:target/dependency/*' RunKt 2>&1 | head -1 || true
}

expected='nothing more: kotlin-stdlib-1.9.21.jar, warnings of the compiler: 0
Exception in thread "main" java.lang.NoClassDefFoundError: kotlin/coroutines/jvm/internal/SpillingKt
stdlib 2.2.21: kotlin-stdlib-2.2.21.jar, warnings of the compiler: 0
hello world'
run 'nothing more' '' >seen.txt
run 'stdlib 2.2.21' '<dependency><groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-stdlib</artifactId><version>2.2.21</version></dependency>' >>seen.txt
seen=$(cat seen.txt)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
