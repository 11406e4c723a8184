// A gateway as one would write it in Go with nothing but its standard library: allowlist, signature,
// timestamp, replay map, reverse proxy. No metrics and no access log, which favours it.
//
// BENCH_MODE=raw verifies the bytes as received; BENCH_MODE=jcs canonicalises first, as Inngest's SDKs
// do, and so verifies what is not canonical too.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxAgeSeconds    = 300
	toleranceSeconds = 300
	maxBodyBytes     = 10 << 20
)

type gateway struct {
	key            []byte
	ranges         []netip.Prefix
	isCanonicalise bool
	replay         replayMap
	proxy          *httputil.ReverseProxy
}

func main() {
	var texts []string
	if err := json.Unmarshal([]byte(os.Getenv("BENCH_RANGES")), &texts); err != nil {
		log.Fatal(err)
	}
	g := &gateway{key: []byte(os.Getenv("BENCH_KEY")), isCanonicalise: os.Getenv("BENCH_MODE") == "jcs"}
	for _, text := range texts {
		g.ranges = append(g.ranges, netip.MustParsePrefix(text))
	}
	g.replay.seconds = map[int64]map[[32]byte]struct{}{}
	g.proxy = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:" + os.Getenv("BENCH_UPSTREAM_PORT")})
	g.proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("BENCH_PORT"), g))
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != "POST" || r.URL.Path != "/api/inngest" {
		http.Error(w, "no such route", 404)
		return
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !g.isAllowed(peer.Addr().Unmap()) {
		http.Error(w, "forbidden", 403)
		return
	}
	timestamp, mac, ok := parseSignature(r.Header.Get("X-Inngest-Signature"))
	if age := time.Now().Unix() - timestamp; !ok || age > maxAgeSeconds || age < -toleranceSeconds {
		http.Error(w, "unauthorized", 401)
		return
	}
	body, err := readBody(r)
	if err != nil {
		http.Error(w, "too large", 413)
		return
	}
	signed, ok := g.signedForm(body)
	if !ok || !hmac.Equal(g.macOf(signed, timestamp), mac) {
		http.Error(w, "unauthorized", 401)
		return
	}
	if !g.replay.claim(timestamp, *(*[32]byte)(mac)) {
		http.Error(w, "replayed", 409)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(signed))
	r.ContentLength = int64(len(signed))
	g.proxy.ServeHTTP(w, r)
}

func (g *gateway) isAllowed(address netip.Addr) bool {
	for _, prefix := range g.ranges {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

func (g *gateway) signedForm(body []byte) ([]byte, bool) {
	if !g.isCanonicalise {
		return body, true
	}
	return canonicalise(body)
}

func (g *gateway) macOf(body []byte, timestamp int64) []byte {
	mac := hmac.New(sha256.New, g.key)
	mac.Write(body)
	mac.Write(strconv.AppendInt(nil, timestamp, 10))
	return mac.Sum(nil)
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > maxBodyBytes {
		return nil, net.ErrClosed
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

func parseSignature(text string) (timestamp int64, mac []byte, ok bool) {
	t, s, found := strings.Cut(text, "&s=")
	if !found || len(t) != 12 || !strings.HasPrefix(t, "t=") {
		return 0, nil, false
	}
	timestamp, err := strconv.ParseInt(t[2:], 10, 64)
	if err != nil {
		return 0, nil, false
	}
	mac, err = hex.DecodeString(s)
	return timestamp, mac, err == nil && len(mac) == 32
}

// One map for each signed second, forgotten whole.
type replayMap struct {
	mutex   sync.Mutex
	seconds map[int64]map[[32]byte]struct{}
	sweptAt int64
}

func (m *replayMap) claim(timestamp int64, mac [32]byte) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	now := time.Now().Unix()
	if now > m.sweptAt {
		m.sweptAt = now
		for second := range m.seconds {
			if second+maxAgeSeconds+toleranceSeconds < now {
				delete(m.seconds, second)
			}
		}
	}
	macs := m.seconds[timestamp]
	if macs == nil {
		macs = map[[32]byte]struct{}{}
		m.seconds[timestamp] = macs
	}
	if _, isSpent := macs[mac]; isSpent {
		return false
	}
	macs[mac] = struct{}{}
	return true
}
