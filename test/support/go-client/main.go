// Go's HTTP client, which is Inngest's, for the tests: sends one request after another and prints what
// it received, one line of JSON each. Built by go-client.ts; runs on Go 1.19.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

type headers struct{ http.Header }

func (h headers) String() string { return "" }

func (h headers) Set(line string) error {
	name, value, _ := strings.Cut(line, ": ")
	h.Add(name, value)
	return nil
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0
	}
	return len(p), nil
}

// upload counts what the transport has read, and is no type that the transport can rewind.
type upload struct {
	io.Reader
	sent int64
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	atomic.AddInt64(&u.sent, int64(n))
	return n, err
}

type outcome struct {
	Status   int    `json:"status"`
	Length   int64  `json:"length"`
	Received int    `json:"received"`
	Error    string `json:"error"`
	Sent     int64  `json:"sent"`
	Continue bool   `json:"continue"`
}

type plan struct {
	url     string
	body    string
	size    int64
	chunked bool
	keep    bool
	header  http.Header
}

func main() {
	p := plan{}
	header := headers{http.Header{}}
	flag.StringVar(&p.url, "url", "", "")
	flag.StringVar(&p.body, "body", "", "sent instead of zeros")
	flag.Int64Var(&p.size, "size", 0, "number of zeros to send")
	flag.BoolVar(&p.chunked, "chunked", false, "")
	flag.BoolVar(&p.keep, "keep", false, "keep the connection, and send a GET on it first")
	flag.Var(header, "header", "as it is written")
	count := flag.Int("count", 1, "")
	expect := flag.Duration("expect", 0, "time to wait for a 100 to the header Expect")
	ca := flag.String("ca", "", "file")
	flag.Parse()
	p.header = header.Header
	transport := &http.Transport{
		DisableKeepAlives:     !p.keep,
		DisableCompression:    true,
		ExpectContinueTimeout: *expect,
	}
	if *ca != "" {
		transport.TLSClientConfig = &tls.Config{RootCAs: readPool(*ca)}
	}
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	printed := json.NewEncoder(os.Stdout)
	for i := 0; i < *count; i++ {
		if p.keep {
			if response, err := client.Get(p.url); err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}
		printed.Encode(send(client, p))
		transport.CloseIdleConnections()
	}
}

func readPool(file string) *x509.CertPool {
	pem, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

func send(client *http.Client, p plan) (seen outcome) {
	body := &upload{Reader: io.LimitReader(zeros{}, p.size)}
	length := p.size
	if p.body != "" {
		body.Reader, length = strings.NewReader(p.body), int64(len(p.body))
	}
	request, err := http.NewRequest("POST", p.url, body)
	if err != nil {
		panic(err)
	}
	request.Header = p.header.Clone()
	if !p.chunked {
		request.ContentLength = length
	}
	trace := &httptrace.ClientTrace{Got100Continue: func() { seen.Continue = true }}
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		seen.Error = err.Error()
	} else {
		defer response.Body.Close()
		received, err := io.ReadAll(response.Body)
		seen.Status, seen.Length, seen.Received = response.StatusCode, response.ContentLength, len(received)
		if err != nil {
			seen.Error = err.Error()
		}
	}
	// The transport may still be sending, although the response is there.
	seen.Sent = atomic.LoadInt64(&body.sent)
	return seen
}
