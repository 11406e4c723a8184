#!/usr/bin/env bash
# Guess:    Inngest repeats the request of a Go durable endpoint (stephttp) with its body, content type and query.
# Fact:     inngestgo 0.16.0 reports the request as event `http/run.started`. Inngest's server reads body, content type
#           and query of `inngest/http.request` only (`loadHTTPRequestEvent` in `pkg/execution/driver/httpv2`; the constant
#           is shown from the release of the server that the SDK itself requires), so a re-entry has none of the three.
#           The SDK would not have the body anyway if the handler has read it: it reads what is left, after the handler.
# Matters:  a handler that checks its body or query before its first step refuses every re-entry, and the run never goes
#           on. A proxy on the way is suspected of having dropped them.
# Versions: inngestgo 0.16.0, with inngest/inngest 1.19.3 (Go modules). Go 1.25.9 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
go mod init finding 2>/dev/null
go mod edit -require=github.com/inngest/inngestgo@v0.16.0

cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/inngest/inngest/pkg/consts"
	"github.com/inngest/inngestgo/step"
	"github.com/inngest/inngestgo/stephttp"
)

type report struct {
	RunID string `json:"run_id"`
	Event struct {
		Name string `json:"name"`
		Data struct {
			QueryParams string `json:"query_params"`
			ContentType string `json:"content_type"`
			Body        []byte `json:"body"`
		} `json:"data"`
	} `json:"event"`
}

func main() {
	var reported report
	// Inngest's API, which takes a new run.
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewDecoder(r.Body).Decode(&reported)
		id := "85fb1953-e46a-51dd-9c27-585df04059ac"
		fmt.Fprintf(w, `{"data":{"fn_id":%q,"app_id":%q,"run_id":%q,"token":"t"}}`, id, id, reported.RunID)
	}))
	defer api.Close()
	provider := stephttp.Setup(stephttp.SetupOpts{
		Optional: stephttp.OptionalSetupOpts{SigningKey: "signkey-test-" + strings.Repeat("ab", 32), BaseURL: api.URL},
	})
	fmt.Println("the server reads of", consts.HttpRequestName)
	for _, reads := range []bool{false, true} {
		app := httptest.NewServer(provider.ServeHTTP(func(w http.ResponseWriter, r *http.Request) {
			if reads {
				io.ReadAll(r.Body)
			}
			step.Run(r.Context(), "first", func(context.Context) (string, error) { return "", nil })
			step.Sleep(r.Context(), "wait", time.Second)
		}))
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		response, err := client.Post(app.URL+"/orders?a=1", "application/json", strings.NewReader(`{"b":2}`))
		if err != nil {
			panic(err)
		}
		response.Body.Close()
		data := reported.Event.Data
		fmt.Printf("handler reads the body: %t; %d, %s with %s, %s, body %q\n", reads, response.StatusCode, reported.Event.Name, data.QueryParams, data.ContentType, data.Body)
		app.Close()
	}
}
GO
go mod tidy 2>/dev/null

expected='the server reads of inngest/http.request
handler reads the body: false; 303, http/run.started with a=1, application/json, body "{\"b\":2}"
handler reads the body: true; 303, http/run.started with a=1, application/json, body ""'
seen=$(go run .)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
