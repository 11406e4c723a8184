// Inngest's Go SDK behind net/http in cloud mode, with a durable endpoint.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/pkg/checkpoint"
	"github.com/inngest/inngestgo/step"
	"github.com/inngest/inngestgo/stephttp"
)

type input = inngestgo.Input[map[string]any]

type first struct {
	N int `json:"n"`
}

type second struct {
	N    int   `json:"n"`
	From first `json:"from"`
}

func main() {
	http.Handle("/api/inngest", functions(inngestgo.ClientOpts{}))
	http.Handle("/api/streaming", functions(inngestgo.ClientOpts{UseStreaming: true}))
	provider := stephttp.Setup(stephttp.SetupOpts{
		Optional: stephttp.OptionalSetupOpts{BaseURL: os.Getenv("INNGEST_BASE_URL")},
	})
	http.HandleFunc("/durable", provider.ServeHTTP(durable))
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func functions(options inngestgo.ClientOpts) http.Handler {
	// Checkpoints go to Inngest's cloud without it, whatever INNGEST_BASE_URL says.
	base := os.Getenv("INNGEST_BASE_URL")
	options.APIBaseURL = &base
	options.AppID = "sdk-app"
	options.Dev = inngestgo.BoolPtr(false)
	options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := inngestgo.NewClient(options)
	must(err)
	add(client, "echo", nil, func(_ context.Context, call input) (any, error) {
		return map[string]any{"received": call.Event.Data}, nil
	})
	add(client, "two-steps", nil, twoSteps)
	add(client, "checkpointed", checkpoint.ConfigSafe, twoSteps)
	add(client, "fails", nil, func(context.Context, input) (any, error) {
		return nil, inngestgo.NoRetryError(errors.New("as the test wants it"))
	})
	add(client, "nothing", nil, func(context.Context, input) (any, error) { return nil, nil })
	if origin, set := os.LookupEnv("SERVE_ORIGIN"); set {
		return client.ServeWithOpts(inngestgo.ServeOpts{Origin: &origin})
	}
	return client.Serve()
}

func add(
	client inngestgo.Client,
	id string,
	checkpointing *checkpoint.Config,
	run inngestgo.SDKFunction[map[string]any],
) {
	options := inngestgo.FunctionOpts{ID: id, Checkpoint: checkpointing}
	_, err := inngestgo.CreateFunction(client, options, inngestgo.EventTrigger("test/"+id, nil), run)
	must(err)
}

func twoSteps(ctx context.Context, _ input) (any, error) {
	one, err := step.Run(ctx, "first", func(context.Context) (first, error) { return first{N: 1}, nil })
	if err != nil {
		return nil, err
	}
	return step.Run(ctx, "second", func(context.Context) (second, error) { return second{N: 2, From: one}, nil })
}

// durable goes on in the background from its sleep.
func durable(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	one, err := step.Run(ctx, "first", func(context.Context) (string, error) { return "one", nil })
	must(err)
	step.Sleep(ctx, "wait", time.Second)
	two, err := step.Run(ctx, "second", func(context.Context) (string, error) { return "two", nil })
	must(err)
	w.Header().Set("Content-Type", "application/json")
	must(json.NewEncoder(w).Encode(map[string][]string{"results": {one, two}}))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
