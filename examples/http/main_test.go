package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// patience is far more than anything here takes.
const patience = 20 * time.Second

// site is a running service and a client of it.
type site struct {
	*service
	url    string
	client *http.Client
	stop   func()     // tells the service to stop
	ended  chan error // what run returned
}

func serve(t *testing.T, o options) *site {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	s := &site{
		service: newService(o),
		url:     "http://" + l.Addr().String() + "/cache/",
		client:  &http.Client{Timeout: patience, Transport: new(http.Transport)},
		stop:    stop,
		ended:   make(chan error, 1),
	}
	go func() { s.ended <- run(ctx, l, s.service) }()
	t.Cleanup(s.client.CloseIdleConnections)
	t.Cleanup(stop)
	return s
}

// end stops the service and requires that it ends well.
func (s *site) end(t *testing.T) engine.StageStats {
	t.Helper()
	s.stop()
	select {
	case err := <-s.ended:
		require.NoError(t, err)
	case <-time.After(patience):
		require.FailNow(t, "the service does not end")
	}
	return s.engine.Stats().Stage("cache")
}

type reply struct {
	status                      int
	body                        string
	version, cached, retryAfter string
	err                         error
}

func (s *site) do(method, key, value string) reply {
	req, err := http.NewRequest(method, s.url+key, strings.NewReader(value))
	if err != nil {
		return reply{err: err}
	}
	res, err := s.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	h := res.Header
	return reply{res.StatusCode, strings.TrimSpace(string(body)), h.Get("X-Version"), h.Get("X-Cached"), h.Get("Retry-After"), err}
}

func (s *site) get(key string) reply        { return s.do(http.MethodGet, key, "") }
func (s *site) put(key, value string) reply { return s.do(http.MethodPut, key, value) }

func ok(body string, version int, cached bool) reply {
	return reply{status: http.StatusOK, body: body, version: strconv.Itoa(version), cached: strconv.FormatBool(cached)}
}

// latch holds the work until it is opened.
type latch struct {
	inside chan string // told the key that is being worked on
	opened chan struct{}
	once   sync.Once
}

func newLatch(t *testing.T) *latch {
	l := &latch{inside: make(chan string, 1000), opened: make(chan struct{})}
	t.Cleanup(l.open)
	return l
}

func (l *latch) open() { l.once.Do(func() { close(l.opened) }) }

func (l *latch) compute(key string) string {
	l.inside <- key
	<-l.opened
	return "<" + key + ">"
}

func (l *latch) wait(t *testing.T) {
	t.Helper()
	select {
	case <-l.inside:
	case <-time.After(patience):
		require.FailNow(t, "no request arrives")
	}
}

func TestGetAndPut(t *testing.T) {
	s := serve(t, options{compute: stretch})
	require.Len(t, stretch("hello"), 64)
	require.Equal(t, ok(stretch("hello"), 1, false), s.get("hello"))
	require.Equal(t, ok(stretch("hello"), 1, true), s.get("hello"))
	require.Equal(t, ok("", 2, true), s.put("hello", "world"))
	require.Equal(t, ok("world", 2, true), s.get("hello"))
	require.Equal(t, ok("", 1, false), s.put("new", ""))
	require.Equal(t, ok("", 1, true), s.get("new"))
	require.EqualValues(t, 6, s.end(t).Completed)
}

func TestBadRequests(t *testing.T) {
	s := serve(t, options{compute: stretch})
	require.Equal(t, http.StatusNotFound, s.get("").status)
	require.Equal(t, http.StatusNotFound, s.get("a/b").status)
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodDelete, "a", "").status)
	tooLarge := reply{status: http.StatusRequestEntityTooLarge, body: "value is too large"}
	require.Equal(t, tooLarge, s.put("a", strings.Repeat("x", maxValue+1)))
	require.Equal(t, http.StatusOK, s.put("a", strings.Repeat("x", maxValue)).status)
	require.EqualValues(t, 1, s.end(t).Entered)
}

// What was not used for longest leaves the cache.
func TestCacheIsBounded(t *testing.T) {
	s := serve(t, options{compute: func(key string) string { return key }, workers: 1, most: 3})
	for _, key := range []string{"a", "b", "c"} {
		require.Equal(t, ok(key, 1, false), s.get(key))
	}
	require.Equal(t, ok("", 2, true), s.put("a", "x"))
	require.Equal(t, ok("d", 1, false), s.get("d"), "and b has to go")
	require.Equal(t, ok("x", 2, true), s.get("a"))
	require.Equal(t, ok("b", 1, false), s.get("b"), "and c has to go")
	require.Equal(t, ok("d", 1, true), s.get("d"))
	s.end(t)
}

// Clients that write to one key at the same time each make one version of it, on however many workers the service runs; a reader sees a
// version as it was written.
func TestOneAtATimeForEachKey(t *testing.T) {
	const clients, keys, puts = 8, 5, 10
	s := serve(t, options{compute: stretch, workers: 3})
	var wrote [keys]sync.Map // version -> value
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for i := range puts * keys {
				key, value := strconv.Itoa(i%keys), strconv.Itoa(1000*client+i)
				r := s.put(key, value)
				if _, twice := wrote[i%keys].LoadOrStore(r.version, value); twice || r.status != http.StatusOK {
					t.Errorf("version %s of key %s: status %d, twice %v", r.version, key, r.status, twice)
				}
			}
		})
	}
	wg.Wait()
	for key := range keys {
		last, _ := wrote[key].Load(strconv.Itoa(clients * puts))
		require.Equal(t, ok(last.(string), clients*puts, true), s.get(strconv.Itoa(key)))
	}
	s.end(t)
}

func TestPanicIsAnInternalError(t *testing.T) {
	s := serve(t, options{compute: func(key string) string {
		if key == "boom" {
			panic("cannot compute that")
		}
		return key
	}})
	for range 3 {
		require.Equal(t, reply{status: http.StatusInternalServerError, body: "internal error"}, s.get("boom"))
	}
	require.Equal(t, ok("fine", 1, false), s.get("fine"))
	require.Equal(t, ok("", 1, false), s.put("boom", "x"), "nothing is left of the attempts")
	s.end(t)
}

var tooBusy = reply{status: http.StatusServiceUnavailable, body: "too busy", retryAfter: "1"}

// A burst for one key that is missing: as many as the queue holds wait for the one that computes it, and find it; the others are refused
// at once, while the work is stuck. Then there is room again.
func TestBurst(t *testing.T) {
	const clients, room = 600, 64
	l := newLatch(t)
	s := serve(t, options{compute: l.compute, timeout: patience})
	replies := make(chan reply, clients)
	go func() { replies <- s.get("a") }()
	l.wait(t)
	for range clients - 1 {
		go func() { replies <- s.get("a") }()
	}
	for range clients - 1 - room {
		require.Equal(t, tooBusy, <-replies)
	}
	require.Empty(t, replies)
	l.open()
	cached := 0
	for range room + 1 {
		r := <-replies
		if r.cached == "true" {
			cached++
		}
		require.Equal(t, ok("<a>", 1, r.cached == "true"), r)
	}
	require.Equal(t, room, cached)
	require.Empty(t, l.inside, "nobody else has computed it")
	require.Equal(t, ok("<b>", 1, false), s.get("b"))
	st := s.end(t)
	require.EqualValues(t, room+2, st.Completed)
	require.EqualValues(t, clients-1-room, st.Inlets[0].Refused)
}

// Requests whose time is up while they wait are answered, and not worked on.
func TestTooLate(t *testing.T) {
	const late = 10
	l := newLatch(t)
	s := serve(t, options{compute: l.compute, workers: 1, timeout: 100 * time.Millisecond})
	replies := make(chan reply, late+1)
	go func() { replies <- s.get("first") }()
	l.wait(t)
	for i := range late {
		go func() { replies <- s.get(strconv.Itoa(i)) }()
	}
	for range late + 1 {
		require.Equal(t, reply{status: http.StatusGatewayTimeout, body: "took too long"}, <-replies)
	}
	l.open()
	st := s.end(t)
	require.EqualValues(t, 1, st.Completed)
	require.Equal(t, st.Entered-1, st.Expired)
	require.Empty(t, l.inside)
}

// A client that does not wait costs the others nothing.
func TestClientGivesUp(t *testing.T) {
	l := newLatch(t)
	s := serve(t, options{compute: l.compute})
	ctx, leave := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"a", nil)
		if err == nil {
			_, err = s.client.Do(req)
		}
		gone <- err
	}()
	l.wait(t)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	l.open()
	require.Equal(t, ok("<c>", 1, false), s.get("c"))
	s.end(t)
}

// When the service is told to stop it takes no new requests and answers the one it has.
func TestGracefulEnd(t *testing.T) {
	l := newLatch(t)
	s := serve(t, options{compute: l.compute})
	answer := make(chan reply, 1)
	go func() { answer <- s.get("a") }()
	l.wait(t)
	s.stop()
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/cache/"))
		if err != nil {
			break // it does not listen any more
		}
		_ = conn.Close()
		require.True(t, time.Now().Before(deadline), "the service still listens")
	}
	l.open()
	require.Equal(t, ok("<a>", 1, false), <-answer)
	s.end(t)
}

// Operators see the engine at a socket, and clients do not see it.
func TestShow(t *testing.T) {
	s := serve(t, options{compute: stretch})
	require.Equal(t, http.StatusOK, s.get("a").status)
	socket := filepath.Join(t.TempDir(), "cache.sock")
	shown, err := show(socket, s.engine)
	require.NoError(t, err)
	_, err = show(socket, s.engine)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	operator := &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	res, err := operator.Get("http://unix/debug/seda/metrics")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Contains(t, string(body), `seda_stage_entered_events_total{engine="cache",stage="cache"} 1`) // it is answered before its batch is counted
	require.NoError(t, shown.Close())
	res, err = s.client.Get(strings.TrimSuffix(s.url, "cache/") + "debug/seda/stats")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	s.end(t)
}

func TestListenerFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorIs(t, run(context.Background(), l, newService(options{compute: stretch})), net.ErrClosed)
}
