package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/debug"
	"github.com/seda-go/seda/sched"
)

// debugged starts an engine that is done with some events, and serves it at /debug/seda/ of the listener; it returns the address.
func debugged(t *testing.T, l net.Listener) string {
	t.Helper()
	e := engine.New(engine.Config{Name: "shop", Log: slog.New(slog.DiscardHandler), Kind: engine.Shared, Workers: 1})
	t.Cleanup(func() { _ = e.Close() })
	s := engine.Add(e, engine.StageConfig[int]{Name: "orders"})
	s.Handle(func(*engine.Context, int) error { return nil })
	require.NoError(t, e.Start(context.Background()))
	require.NoError(t, s.Submit(context.Background(), 1))
	require.Eventually(t, func() bool { return e.Stats().Stage("orders").Completed == 1 && e.Stats().Workers[0].Asleep > 0 }, 20*time.Second, time.Millisecond)
	mux := http.NewServeMux()
	mux.Handle("/debug/seda/", debug.Handler(e))
	serve(t, l, mux)
	return l.Addr().String()
}

func serve(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

func listen(t *testing.T, network, at string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, at)
	require.NoError(t, err)
	return l
}

func TestTopOnce(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "shop.sock")
	tcp := debugged(t, listen(t, "tcp", "127.0.0.1:0"))
	debugged(t, listen(t, "unix", socket))
	for _, at := range []string{tcp, "http://" + tcp, "http://" + tcp + "/", "http://" + tcp + "/debug/seda", "http://" + tcp + "/debug/seda/?x#y", socket, "unix:" + socket} {
		code, out, errs := sedabench(t, "top", "--every", "100ms", at)
		require.Equal(t, exitOK, code, errs)
		require.Empty(t, errs)
		require.Contains(t, out, "shop at "+at+", up ")
		require.Regexp(t, `(?m)^  orders +1 +- +\d+ `, out)
		require.NotContains(t, out, "\x1b", "it is no terminal")
	}
	code, out, errs := sedabench(t, "top", "--every", "100ms", "-o", "json", tcp)
	require.Equal(t, exitOK, code, errs)
	var v topView
	require.NoError(t, json.Unmarshal([]byte(out), &v))
	require.Equal(t, topSchema, v.Schema)
	require.Equal(t, tcp, v.Address)
	require.Len(t, v.Stages, 1)
	require.Len(t, v.Workers, 1)
	require.Zero(t, v.Workers[0].Busy)
	require.Positive(t, v.Workers[0].Parked, "it sleeps, and has not woken up")
	require.GreaterOrEqual(t, v.Interval, 100*time.Millisecond)
}

// readings of an engine a second apart, with something of everything.
func readings() (before, now reading) {
	stage := func(name string, done, batches uint64, busy time.Duration) engine.StageStats {
		return engine.StageStats{
			Name: name, Kind: "serial", Completed: done, Failed: done / 10, Expired: done / 100, Batches: batches, Busy: busy, Wait: busy / 2,
			Cores: 2, BatchCap: 64, Depth: int(done % 7), HeadAge: busy / 1000,
			Inlets: []engine.InletStats{{Name: "submit", Accepted: 2 * done, Refused: done / 5}},
			Edges:  []engine.EdgeStats{{Dropped: done / 20}},
		}
	}
	before.Engine, before.Uptime = "shop", 70*time.Second
	before.Stages = []engine.StageStats{stage("orders", 1000, 100, time.Second), stage("bills", 500, 500, time.Second)}
	before.Workers = []engine.WorkerStats{{CPU: 1, Busy: 2 * time.Second, Parked: time.Second}, {CPU: -1, Asleep: 3 * time.Second}}
	now.Engine, now.Uptime, now.Plan, now.Control.Decisions = "shop", 71*time.Second, 4, 2
	now.Stages = []engine.StageStats{stage("orders", 3000, 300, 1400*time.Millisecond), stage("bills", 5000, 1500, 1500*time.Millisecond)}
	now.Workers = []engine.WorkerStats{
		{CPU: 1, Busy: 2500 * time.Millisecond, Parked: 1250 * time.Millisecond, Parks: 10, Stage: "bills", Since: 200 * time.Millisecond, Lost: 0.125},
		{CPU: -1, Parked: 3500 * time.Millisecond, Asleep: 500 * time.Millisecond, Parks: 1},
	}
	for i, why := range []string{"the oldest waited 2ms", "a batch costs less"} {
		now.decisions = append(now.decisions, engine.Decision{
			At: engine.Time(time.Duration(10*(i+1)) * time.Second), Change: sched.Change{What: "batch", Of: "orders", From: "8", To: "16", Why: why},
		})
	}
	return before, now
}

func TestTopText(t *testing.T) {
	before, now := readings()
	v := topOf("localhost:8080", before, now)
	var b strings.Builder
	require.NoError(t, v.writeText(&b))
	golden(t, "top.golden", b.String())

	require.Equal(t, []string{"bills", "orders"}, []string{v.sorted(1).Stages[0].Name, v.sorted(1).Stages[1].Name})
	require.Equal(t, "orders", v.Stages[0].Name, "v itself is as it was")

	again := topOf("x", now, before)
	require.Equal(t, before.Uptime, again.Interval, "the program was started anew")
	require.Contains(t, again.lines()[0], "since it was made")
	require.InDelta(t, 1100/70.0, again.Stages[0].Rate, 1e-9)
	late := now
	before.at, late.at = time.Unix(0, 0), time.Unix(0, 0).Add(now.Uptime-before.Uptime)
	require.Equal(t, now.Uptime-before.Uptime, topOf("x", before, late).Interval)
	late.at = time.Unix(0, 0).Add(now.Uptime)
	require.Equal(t, now.Uptime, topOf("x", before, late).Interval, "and has run for longer than the one before had")
	before.at = time.Time{}
	other := now
	other.Engine = "bar"
	require.Equal(t, now.Uptime, topOf("x", before, other).Interval)

	require.NoError(t, topOf("x", reading{}, reading{Stats: engine.Stats{Stages: now.Stages, Workers: now.Workers}}).writeJSON(io.Discard), "no time has passed")
	now.Stages[0].Kind, now.Stages[0].Threads, now.Stages[0].ThreadCap = "plain, blocking", 3, 8
	require.Contains(t, strings.Join(topOf("x", before, now).lines(), "\n"), "  plain, blocking, 3 of 8 threads\n")

	var fresh reading
	fresh.Uptime = time.Second
	require.Contains(t, topOf("x", reading{}, fresh).lines(), "it has not been started")

	now.Stages[0].Name, now.Engine = "a\x1b[2Jb\n", "e\a"
	now.decisions[0].Why = "\x1b]0;title"
	for _, line := range topOf("x", reading{}, now).lines() {
		require.NotRegexp(t, `[\x00-\x1f]`, line, "a name tells the terminal what to do")
	}
}

func TestFrame(t *testing.T) {
	lines := []string{"one", "two and more", "three"}
	require.Equal(t, home+bold+"head"+plain+endOfLine+"one"+endOfLine+"two a"+endOfLine+endOfFrame, frame("head", lines, 5, 4))
	require.Equal(t, home+bold+""+plain+endOfLine+endOfFrame, frame("head", lines, 0, 0))
	require.Equal(t, 3, strings.Count(frame("head", lines, 80, 4), "\r\n"), "the last line stays empty")
	require.Equal(t, "Grö", cut("Größe", 3))
}

func TestTopErrors(t *testing.T) {
	for at, want := range map[string]string{
		"localhost": `"localhost", want host:port, unix:FILE, a path with a slash, or a URL`,
		"unix:":     `"unix:", want unix:FILE`,
		"http://":   `"http://", want a URL such as http://localhost:8080/debug/seda/`,
		"http://%":  `"http://%", want a URL`,
		":":         `":", want host:port`,
	} {
		code, out, errs := sedabench(t, "top", at)
		require.Equal(t, exitUsage, code, at)
		require.Empty(t, out)
		require.Contains(t, errs, "sedabench: "+want)
	}
	free := listen(t, "tcp", "127.0.0.1:0")
	nobody := free.Addr().String()
	require.NoError(t, free.Close())
	answer := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for at, want := range map[string]string{
		nobody:                                             nobody + ": nothing listens there: ",
		filepath.Join(t.TempDir(), "none.sock"):            "none.sock: nothing listens there: ",
		answer(404, "not found"):                           "/debug/seda/stats answers 404 Not Found: is engine/debug served there? Give its URL if it is not at /debug/seda/",
		answer(200, "<html>"):                              "what answers there is not an engine: want seda-debug/1 from http://",
		answer(200, `{"schema":"seda-debug/2"}`):           "want seda-debug/1 from http://",
		answer(200, "{\"schema\":\"seda-debug/1\"}\nnope"): "want seda-debug/1 from http://",
	} {
		code, out, errs := sedabench(t, "top", "--every", "100ms", at)
		require.Equal(t, exitFailed, code, at)
		require.Empty(t, out)
		require.Contains(t, errs, want)
		require.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
}

// An engine that ends between two looks is a failure, and one line.
func TestTopEngineGoes(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked > 2 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		if strings.HasSuffix(r.URL.Path, "stats") {
			fmt.Fprintf(w, `{"schema":%q,"engine":"shop","uptime_ns":5}`, debug.Schema)
		}
	}))
	defer s.Close()
	code, out, errs := sedabench(t, "top", "--every", "100ms", s.URL)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, s.URL+": EOF\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, err := parseAddress(s.URL)
	require.NoError(t, err)
	defer a.close()
	_, err = a.look(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, errBroken, topView{}.writeText(broken{}))
	require.Equal(t, errBroken, topView{}.writeJSON(broken{}))
	var b bytes.Buffer
	require.NoError(t, topView{Workers: []topWorker{}}.writeJSON(&b))
}

// Mistakes in an address are told before anybody is asked, with what is wanted.
func TestAddressesThatAreNone(t *testing.T) {
	for address, want := range map[string]string{
		"ftp://x":          `"ftp://x": nothing is asked by ftp: want http:// or https://, host:port, unix:FILE, or a path with a slash`,
		"://x":             "want http:// or https://",
		"localhost":        `"localhost", want host:port, unix:FILE, a path with a slash, or a URL`,
		"localhost:99999":  `"localhost:99999": port 99999, want 1 to 65535`,
		"localhost:http-x": "port http-x, want 1 to 65535",
		"a b:80":           `"a b:80": a b is no name of a host`,
		"http:///x":        "want a URL such as http://localhost:8080/debug/seda/",
		"unix:":            "want unix:FILE",
	} {
		code, out, errs := sedabench(t, "top", address)
		require.Equal(t, exitUsage, code, address)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
	for address, base := range map[string]string{
		"HTTP://localhost:1": "http://localhost:1/debug/seda/", "unix:/run/x.sock": "http://unix/debug/seda/", "./x.sock": "http://unix/debug/seda/",
		"[::1]:80": "http://[::1]:80/debug/seda/", "https://x/y": "https://x/y/",
	} {
		a, err := parseAddress(address)
		require.NoError(t, err)
		require.Equal(t, base, a.base)
	}
}

// Of an engine that has ended what it did is still there to be seen, and that it has.
func TestTopOfAnEngineThatHasEnded(t *testing.T) {
	v := topOf("x", reading{}, reading{Stats: engine.Stats{Engine: "shop", State: engine.StateEnded, Uptime: time.Second, Stages: []engine.StageStats{{Name: "a"}}}})
	require.Contains(t, v.lines()[0], "shop at x, ENDED, up 1")
	v.Stages = nil
	require.Equal(t, "it has ended without having run", v.lines()[1])
	v.State = engine.StateRunning
	require.Contains(t, v.lines()[0], "shop at x, up 1")
}
