// An app with a durable endpoint on the real Go SDK (stephttp), for the tests. Prints one line of JSON for its
// address, for each request that reaches it, and for each step whose code runs. Built by ../go-app.ts.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"time"

	"github.com/inngest/inngestgo/group"
	"github.com/inngest/inngestgo/step"
	"github.com/inngest/inngestgo/stephttp"
)

type line struct {
	Port    int         `json:"port,omitempty"`
	Method  string      `json:"method,omitempty"`
	Target  string      `json:"target,omitempty"`
	Headers http.Header `json:"headers,omitempty"`
	Ran     string      `json:"ran,omitempty"`
}

var printed = make(chan line)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		// Its parent stops it by closing standard input, or by ending.
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	provider := stephttp.Setup(stephttp.SetupOpts{
		Optional: stephttp.OptionalSetupOpts{BaseURL: os.Getenv("INNGEST_API")},
	})
	endpoint := provider.ServeHTTP(orders)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		printed <- line{Method: r.Method, Target: r.RequestURI, Headers: r.Header}
		if r.URL.Path != "/settled" {
			endpoint(w, r)
		}
	}))
	encoder := json.NewEncoder(os.Stdout)
	encoder.Encode(line{Port: listener.Addr().(*net.TCPAddr).Port})
	for one := range printed {
		encoder.Encode(one)
	}
}

// orders has the steps reserve, a sleep, charge, parcel-0 … and ship. The path ends in the number of parcels, since a
// re-entry of the Go SDK has no query.
func orders(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	parallel, _ := strconv.Atoi(path.Base(r.URL.Path))
	run(ctx, "reserve")
	step.Sleep(ctx, "wait", time.Second)
	run(ctx, "charge")
	parcels := make([]func(context.Context) (any, error), parallel)
	for at := range parcels {
		parcels[at] = func(ctx context.Context) (any, error) { return run(ctx, fmt.Sprintf("parcel-%d", at)), nil }
	}
	group.Parallel(ctx, parcels...)
	fmt.Fprintln(w, run(ctx, "ship"))
}

func run(ctx context.Context, id string) string {
	result, err := step.Run(ctx, id, func(context.Context) (string, error) {
		printed <- line{Ran: id}
		return id + " done", nil
	})
	if err != nil {
		panic(err)
	}
	return result
}
