#!/usr/bin/env bash
# Guess:    `group.Parallel` runs its steps in a Go durable endpoint (stephttp) as it does in a function.
# Fact:     with inngestgo 0.16.0 never. It plans them, Inngest calls for each step by `X-Inngest-Step-ID`, and stephttp
#           does not read that header: it plans all of them again. The run stands still, without an error.
# Matters:  the re-entries of the steps were admitted and answered with 206, so every log looks right.
# Versions: inngestgo 0.16.0 (Go module). Go 1.25.9 or later.
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
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/group"
	"github.com/inngest/inngestgo/step"
	"github.com/inngest/inngestgo/stephttp"
)

type operation struct {
	Op   string `json:"op"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func main() {
	// Inngest's API: no step of the run has a result so far.
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "{}") }))
	defer api.Close()
	key := "signkey-test-" + strings.Repeat("ab", 32)
	provider := stephttp.Setup(stephttp.SetupOpts{Optional: stephttp.OptionalSetupOpts{SigningKey: key, BaseURL: api.URL}})
	one := func(id string) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) {
			return step.Run(ctx, id, func(context.Context) (string, error) {
				fmt.Println("ran", id)
				return id, nil
			})
		}
	}
	app := httptest.NewServer(provider.ServeHTTP(func(w http.ResponseWriter, r *http.Request) {
		group.Parallel(r.Context(), one("a"), one("b"))
	}))
	defer app.Close()

	reEnter := func(stepID string) (operations []operation) {
		request, _ := http.NewRequest("GET", app.URL, nil)
		signature, _ := inngestgo.Sign(context.Background(), time.Now(), []byte(key), nil)
		request.Header.Set("X-Inngest-Signature", signature)
		request.Header.Set("X-Run-ID", "01M85C81NVJ7KSQSW1MTCWKVP4")
		if stepID != "" {
			request.Header.Set("X-Inngest-Step-ID", stepID)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		defer response.Body.Close()
		json.NewDecoder(response.Body).Decode(&operations)
		fmt.Print(response.StatusCode)
		for _, one := range operations {
			fmt.Print(" ", one.Op, " ", one.Name)
		}
		fmt.Println()
		return operations
	}
	for _, planned := range reEnter("") {
		fmt.Print("step ", planned.Name, ": ")
		reEnter(planned.ID)
	}
}
GO
go mod tidy 2>/dev/null

expected='206 StepPlanned a StepPlanned b
step a: 206 StepPlanned a StepPlanned b
step b: 206 StepPlanned a StepPlanned b'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
