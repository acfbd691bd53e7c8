package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is far more than anything here takes.
const patience = 20 * time.Second

// site is a running service and a client of it.
type site struct {
	url    string
	client *http.Client
	stop   func()     // tells the service to stop
	ended  chan error // what run returned
}

func serve(t *testing.T, digest func(string) string) *site {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	s := &site{
		url:    "http://" + l.Addr().String() + "/digest",
		client: &http.Client{Timeout: patience, Transport: new(http.Transport)},
		stop:   stop,
		ended:  make(chan error, 1),
	}
	go func() { s.ended <- run(ctx, l, newService(digest)) }()
	t.Cleanup(s.client.CloseIdleConnections)
	t.Cleanup(stop)
	return s
}

// end stops the service and requires that it ends well.
func (s *site) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err := <-s.ended:
		require.NoError(t, err)
	case <-time.After(patience):
		require.FailNow(t, "the service does not end")
	}
}

type reply struct {
	status     int
	body       string
	retryAfter string
	err        error
}

func (s *site) get(query string) reply {
	res, err := s.client.Get(s.url + query)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, strings.TrimSpace(string(body)), res.Header.Get("Retry-After"), err}
}

// latch holds the work until it is opened.
type latch struct {
	inside chan struct{} // told when a request is being worked on
	opened chan struct{}
	once   sync.Once
}

func newLatch(t *testing.T) *latch {
	l := &latch{inside: make(chan struct{}, 1000), opened: make(chan struct{})}
	t.Cleanup(l.open)
	return l
}

func (l *latch) open() { l.once.Do(func() { close(l.opened) }) }

func (l *latch) digest(text string) string {
	l.inside <- struct{}{}
	<-l.opened
	return "<" + text + ">"
}

func (l *latch) wait(t *testing.T) {
	t.Helper()
	select {
	case <-l.inside:
	case <-time.After(patience):
		require.FailNow(t, "no request arrives")
	}
}

func TestDigest(t *testing.T) {
	s := serve(t, stretch)
	require.Equal(t, reply{status: http.StatusOK, body: stretch("hello")}, s.get("?text=hello"))
	require.Len(t, stretch("hello"), 64)
	s.end(t)
}

func TestBadRequests(t *testing.T) {
	s := serve(t, stretch)
	require.Equal(t, reply{status: http.StatusBadRequest, body: "text is missing"}, s.get(""))
	long := "?text=" + strings.Repeat("x", 1001)
	require.Equal(t, reply{status: http.StatusBadRequest, body: "text is longer than 1000 bytes"}, s.get(long))
	require.Equal(t, http.StatusNotFound, s.get("/elsewhere").status)
	s.end(t)
}

func TestPanicIsAnInternalError(t *testing.T) {
	s := serve(t, func(text string) string {
		if text == "boom" {
			panic("cannot digest that")
		}
		return text
	})
	for range 3 {
		require.Equal(t, reply{status: http.StatusInternalServerError, body: "internal error"}, s.get("?text=boom"))
		require.Equal(t, reply{status: http.StatusOK, body: "fine"}, s.get("?text=fine"))
	}
	s.end(t)
}

// With the work stuck the queue fills up; from then on clients are refused at once. Those that were accepted are answered when the work
// goes on, and the service has room again.
func TestOverloadAndRecovery(t *testing.T) {
	const clients, room = 600, 64
	l := newLatch(t)
	s := serve(t, l.digest)
	replies := make(chan reply, clients)
	for range clients {
		go func() { replies <- s.get("?text=a") }()
	}
	tooBusy := reply{status: http.StatusServiceUnavailable, body: "too busy", retryAfter: "1"}
	require.Equal(t, tooBusy, <-replies, "nobody else can have an answer yet")
	l.open()
	served := 0
	for range clients - 1 {
		if r := <-replies; r != tooBusy {
			require.Equal(t, reply{status: http.StatusOK, body: "<a>"}, r)
			served++
		}
	}
	require.GreaterOrEqual(t, served, room)
	require.Equal(t, reply{status: http.StatusOK, body: "<b>"}, s.get("?text=b"))
	s.end(t)
}

// A client that does not wait costs the others nothing.
func TestClientGivesUp(t *testing.T) {
	l := newLatch(t)
	s := serve(t, l.digest)
	ctx, leave := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"?text=a", nil)
		if err == nil {
			_, err = s.client.Do(req)
		}
		gone <- err
	}()
	l.wait(t)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	impatient := &http.Client{Timeout: 20 * time.Millisecond, Transport: s.client.Transport}
	_, err := impatient.Get(s.url + "?text=b")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	l.open()
	require.Equal(t, reply{status: http.StatusOK, body: "<c>"}, s.get("?text=c"))
	s.end(t)
}

// When the service is told to stop it takes no new requests and answers the one it has.
func TestGracefulEnd(t *testing.T) {
	l := newLatch(t)
	s := serve(t, l.digest)
	answer := make(chan reply, 1)
	go func() { answer <- s.get("?text=a") }()
	l.wait(t)
	s.stop()
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/digest"))
		if err != nil {
			break // it does not listen any more
		}
		_ = conn.Close()
		require.True(t, time.Now().Before(deadline), "the service still listens")
	}
	l.open()
	require.Equal(t, reply{status: http.StatusOK, body: "<a>"}, <-answer)
	s.end(t)
}

func TestListenerFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorIs(t, run(context.Background(), l, newService(stretch)), net.ErrClosed)
}
