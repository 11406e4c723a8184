// The app behind every candidate: reads a whole request, then answers a function call as an SDK does.
// Written on bare connections, since net/http costs as much as the proxies that are to be measured.
package main

import (
	"bufio"
	"bytes"
	"io"
	"log"
	"net"
	"os"
	"strconv"
)

const body = `{"ok":true,"steps":[{"id":"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8","op":"StepRun","data":{"total":42}}]}`

var (
	answerKeepAlive = answer("")
	answerClose     = answer("Connection: close\r\n")
	contentLength   = []byte("content-length:")
	connection      = []byte("connection:")
)

func answer(extra string) []byte {
	return []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nUser-Agent: inngest-js:v4.24.0\r\n" +
		"x-inngest-sdk: inngest-js:v4.24.0\r\nx-inngest-req-version: 2\r\n" + extra +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("BENCH_PORT"))
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}

func serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 64<<10)
	for {
		length, mayStay, ok := readHead(reader)
		if !ok {
			return
		}
		if _, err := io.CopyN(io.Discard, reader, length); err != nil {
			return
		}
		text := answerKeepAlive
		if !mayStay {
			text = answerClose
		}
		if _, err := conn.Write(text); err != nil || !mayStay {
			return
		}
	}
}

// A body without Content-Length is not understood: its bytes would be no request line and end the
// connection, which the bench reports as a failed run.
func readHead(reader *bufio.Reader) (length int64, mayStay bool, ok bool) {
	mayStay = true
	for first := true; ; first = false {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, false, false
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first && !bytes.HasSuffix(line, []byte(" HTTP/1.1")):
			return 0, false, false
		case len(line) == 0:
			return length, mayStay, true
		case hasName(line, contentLength):
			length, err = strconv.ParseInt(valueOf(line, contentLength), 10, 64)
			if err != nil {
				return 0, false, false
			}
		case hasName(line, connection):
			mayStay = valueOf(line, connection) != "close"
		}
	}
}

func hasName(line, name []byte) bool {
	return len(line) >= len(name) && bytes.EqualFold(line[:len(name)], name)
}

func valueOf(line, name []byte) string {
	return string(bytes.TrimSpace(line[len(name):]))
}
