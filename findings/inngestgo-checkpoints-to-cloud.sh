#!/usr/bin/env bash
# Guess:    INNGEST_BASE_URL names a self-hosted Inngest, and the Go SDK sends all that it sends to Inngest there.
# Fact:     registrations and events go there; checkpoints go to https://api.inngest.com. For them the SDK reads the option
#           `APIBaseURL` of the client or, in dev mode, INNGEST_DEV, but neither INNGEST_BASE_URL nor INNGEST_API_BASE_URL
#           (`env.APIServerURL` beside `handlerOpts.GetAPIBaseURL`). A checkpoint that fails is one line in the log; the
#           steps are returned in the response instead, so the run goes on as if checkpointing were off.
# Matters:  with a server of one's own, checkpointing saves nothing and each call waits for a request that fails; the
#           results of steps leave for another service. An egress proxy sees calls that nobody configured. Set `APIBaseURL`.
# Versions: inngestgo 0.16.0 (Go modules). Go 1.25.9 or later.
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
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/pkg/checkpoint"
	"github.com/inngest/inngestgo/step"
)

// Records where the SDK sends, and lets nothing leave.
type recorder struct{}

func (recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	fmt.Printf("  %s %s://%s%s\n", r.Method, r.URL.Scheme, r.URL.Host, r.URL.Path)
	body := io.NopCloser(strings.NewReader(`{"ok":true,"ids":["1"],"status":200}`))
	return &http.Response{StatusCode: 200, Body: body, Header: http.Header{}, Request: r}, nil
}

const (
	key  = "signkey-test-abababababababababababababababab"
	body = `{"ctx":{"attempt":0,"fn_id":"85fb1953-e46a-51dd-9c27-585df04059ac","run_id":"run","stack":{"current":0,"stack":[]},"step_id":"step"},"event":{"data":{},"name":"test/a"},"events":[{"data":{},"name":"test/a"}],"steps":{},"use_api":false,"version":2}`
)

func main() {
	http.DefaultTransport = recorder{}
	http.DefaultClient = &http.Client{Transport: recorder{}}
	os.Setenv("INNGEST_SIGNING_KEY", key)
	os.Setenv("INNGEST_EVENT_KEY", "k")
	os.Setenv("INNGEST_BASE_URL", "http://inngest.internal")
	base := "http://inngest.internal"
	for _, option := range []*string{nil, &base} {
		fmt.Println("APIBaseURL set:", option != nil)
		client, err := inngestgo.NewClient(inngestgo.ClientOpts{
			AppID: "app", Dev: inngestgo.BoolPtr(false), APIBaseURL: option,
			Checkpoint: checkpoint.ConfigSafe, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		if err != nil {
			panic(err)
		}
		inngestgo.CreateFunction(client, inngestgo.FunctionOpts{ID: "a"}, inngestgo.EventTrigger("test/a", nil),
			func(ctx context.Context, _ inngestgo.Input[any]) (any, error) {
				return step.Run(ctx, "first", func(context.Context) (string, error) { return "one", nil })
			})
		unsigned := true
		handler := client.ServeWithOpts(inngestgo.ServeOpts{EnableUnauthedSync: &unsigned})
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "http://app.internal/api/inngest", nil))
		client.Send(context.Background(), inngestgo.Event{Name: "test/b", Data: map[string]any{"b": 1}})
		call := httptest.NewRequest("POST", "/api/inngest?fnId=app-a&stepId=step", strings.NewReader(body))
		signature, _ := inngestgo.Sign(context.Background(), time.Now(), []byte(key), []byte(body))
		call.Header.Set("X-Inngest-Signature", signature)
		handler.ServeHTTP(httptest.NewRecorder(), call)
	}
}
GO
go mod tidy 2>/dev/null

expected='APIBaseURL set: false
  POST http://inngest.internal/fn/register
  POST http://inngest.internal/e/k
  POST https://api.inngest.com/v1/checkpoint/run/async
APIBaseURL set: true
  POST http://inngest.internal/fn/register
  POST http://inngest.internal/e/k
  POST http://inngest.internal/v1/checkpoint/run/async'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
