package debug_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/debug"
	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/sched"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// odd are names that mean something to one format or the other.
var odd = []string{
	`say "hi"`, `back\slash`, `ends with \`, "two\nlines", "<b>bold</b> & &amp;", "]]>", "--><script>alert(1)</script>", "bell \a esc \x1b[2J", "Größe 大",
	"bad \xff utf-8", "bad \xfe utf-8", "b#2", `x"} 1`, "{{.}}", strings.Repeat("long", 20),
}

// fickle changes its mind whenever it is asked.
type fickle struct{ n *int }

func (f fickle) Decide(_ *sched.Snapshot, d *sched.Draft) {
	*f.n++
	d.SetBatch(0, 1+*f.n%2, "because <it> can")
}

// graph is an engine whose stages are called as given: each leads to the next, and the last one, over a Timed edge, to the first.
func graph(t *testing.T, names ...string) (*engine.Engine, *engine.Stage[int]) {
	t.Helper()
	e := engine.New(engine.Config{
		Name: `shop "a" <b>`, Log: slog.New(slog.DiscardHandler), Kind: engine.Shared, Workers: 2,
		Policy: func(*sched.System) (sched.Policy, error) { return fickle{new(int)}, nil },
	})
	t.Cleanup(func() { _ = e.Close() })
	var stages []*engine.Stage[int]
	for _, name := range names {
		stages = append(stages, engine.Add(e, engine.StageConfig[int]{Name: name}))
	}
	stages[0].Inlet(engine.InletConfig{Name: odd[0]})
	for i, s := range stages {
		if i+1 == len(stages) {
			engine.Connect(s, stages[0]).Timed = true
			s.Handle(func(*engine.Context, int) error { return nil })
			continue
		}
		next, drops := engine.Connect(s, stages[i+1]), engine.Connect(s, stages[(i+2)%len(stages)])
		drops.Full = engine.Drop
		s.Handle(func(c *engine.Context, v int) error { next.Emit(c, v); return nil })
	}
	return e, stages[0]
}

// run starts an engine and brings events through it.
func run(t *testing.T, e *engine.Engine, in *engine.Stage[int]) {
	t.Helper()
	require.NoError(t, e.Start(context.Background()))
	for i := range 10 {
		require.NoError(t, in.Submit(context.Background(), i))
	}
	for deadline := time.Now().Add(20 * time.Second); len(e.Explain()) < 3; {
		require.NoError(t, in.Submit(context.Background(), 0))
		require.True(t, time.Now().Before(deadline), "nothing is decided")
		time.Sleep(time.Millisecond)
	}
}

func ask(e *engine.Engine, method, path string) *http.Response {
	w := httptest.NewRecorder()
	debug.Handler(e).ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Result()
}

func get(t *testing.T, e *engine.Engine, path string) string {
	t.Helper()
	res := ask(e, http.MethodGet, path)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, "%s: %s", path, body)
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	return string(body)
}

var pages = map[string]string{
	"/":          "text/html; charset=utf-8",
	"/stats":     "application/json",
	"/metrics":   "text/plain; version=0.0.4; charset=utf-8",
	"/explain":   "application/x-ndjson",
	"/graph.svg": "image/svg+xml",
	"/graph.dot": "text/vnd.graphviz; charset=utf-8",
}

func TestMethodsAndPaths(t *testing.T) {
	e, _ := graph(t, "a", "b")
	for path, contentType := range pages {
		for _, at := range []string{path, "/debug/seda" + path, strings.TrimPrefix(path, "/")} {
			if at == "" {
				at = "/?x"
			}
			res := ask(e, http.MethodGet, "/"+strings.TrimPrefix(at, "/"))
			require.Equal(t, http.StatusOK, res.StatusCode, at)
			require.Equal(t, contentType, res.Header.Get("Content-Type"))
		}
		res := ask(e, http.MethodHead, path)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Empty(t, body)
		require.Equal(t, http.StatusOK, res.StatusCode)
		if path != "/explain" { // of which there is none
			require.Positive(t, res.ContentLength)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "FROB"} {
			res := ask(e, method, path)
			require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
			require.Equal(t, "GET, HEAD", res.Header.Get("Allow"))
		}
	}
	for _, path := range []string{"/events", "/stats/x", "/graph", "/Stats", "/debug/seda"} {
		require.Equal(t, http.StatusNotFound, ask(e, http.MethodGet, path).StatusCode, path)
	}
}

// It is mounted under any path, with StripPrefix or without, and with the slash in the prefix or without it.
func TestMounted(t *testing.T) {
	e, _ := graph(t, "a", "b")
	h := debug.Handler(e)
	mux := http.NewServeMux()
	mux.Handle("/debug/seda/", h)
	mux.Handle("/one/", http.StripPrefix("/one", h))
	mux.Handle("/two/", http.StripPrefix("/two/", h))
	server := httptest.NewServer(mux)
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	for _, path := range []string{"/debug/seda", "/debug/seda/", "/one/", "/two/", "/one/stats", "/two/stats"} {
		res, err := client.Get(server.URL + path)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, path)
	}
}

func TestStats(t *testing.T) {
	e, in := graph(t, "a", "b", "c")
	require.Contains(t, get(t, e, "/stats"), `"workers":[],"stages":[]}`, "before Start")
	require.Equal(t, engine.StateNew, e.Stats().State)
	run(t, e, in)
	require.Equal(t, engine.StateRunning, e.Stats().State)
	require.NotContains(t, get(t, e, "/graph.svg"), "running")
	require.NoError(t, e.Drain(context.Background()))
	require.Contains(t, get(t, e, "/graph.svg"), ", ended, up ")
	require.Contains(t, get(t, e, "/"), ": ended</h1>")
	text := get(t, e, "/stats")
	require.NotContains(t, text, "null")
	var s debug.Statistics
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	require.Equal(t, "seda-debug/1", s.Schema)
	require.Equal(t, engine.StateEnded, s.State)
	want := e.Stats()
	require.Greater(t, want.Uptime, s.Uptime)
	s.Uptime = want.Uptime
	for i := range s.Stages {
		if len(s.Stages[i].Inlets) == 0 {
			s.Stages[i].Inlets = nil
		}
	}
	require.Equal(t, want, s.Stats)
	require.GreaterOrEqual(t, s.Stage("a").Completed, uint64(10))
}

func TestExplain(t *testing.T) {
	e, in := graph(t, "a", "b")
	require.Empty(t, get(t, e, "/explain"))
	run(t, e, in)
	require.NoError(t, e.Drain(t.Context()))
	var all []engine.Decision
	text := get(t, e, "/explain")
	for line := range strings.Lines(text) {
		var d engine.Decision
		require.NoError(t, json.Unmarshal([]byte(line), &d))
		all = append(all, d)
	}
	require.Equal(t, e.Explain(), all)
	require.Contains(t, text, `"why":"because <it> can"`)
	require.Equal(t, 2, strings.Count(get(t, e, "/explain?n=2"), "\n"))
	require.True(t, strings.HasSuffix(text, get(t, e, "/explain?n=2")), "the last ones")
	require.Equal(t, text, get(t, e, "/explain?n=100000"))
	require.Empty(t, get(t, e, "/explain?n=0"))
	for _, n := range []string{"-1", "x", "1.5", "99999999999999999999"} {
		res := ask(e, http.MethodGet, "/explain?n="+n)
		require.Equal(t, http.StatusBadRequest, res.StatusCode)
		line, err := bufio.NewReader(res.Body).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, n)
	}
}

// Everything can be asked for at any time, by many, while the engine starts, runs and ends.
func TestAtAnyTime(t *testing.T) {
	e, in := graph(t, "a", "b", "c")
	server := httptest.NewServer(debug.Handler(e))
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	end := make(chan struct{})
	var wg sync.WaitGroup
	for path := range pages {
		wg.Go(func() {
			for {
				res, err := client.Get(server.URL + path)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%s: %s, %v", path, res.Status, err)
				}
				select {
				case <-end:
					return
				default:
				}
			}
		})
	}
	run(t, e, in)
	_ = e.Close() // says what is left, if anything is
	close(end)
	wg.Wait()
}

type brokenPipe struct{ http.ResponseWriter }

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestClientGoesAway(t *testing.T) {
	e, _ := graph(t, "a", "b")
	for path := range pages {
		debug.Handler(e).ServeHTTP(brokenPipe{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, path, nil))
	}
	require.ErrorIs(t, debug.WriteSVG(brokenPipe{}, e.Stats()), errBroken)
}

// What a look costs: the engine's counters, and then text.
func BenchmarkHandler(b *testing.B) {
	for _, stages := range []int{3, 30} {
		e := engine.New(engine.Config{Kind: engine.Shared, Workers: 2, Log: slog.New(slog.DiscardHandler)})
		var last *engine.Stage[int]
		for i := range stages {
			s := engine.Add(e, engine.StageConfig[int]{Name: strconv.Itoa(i)})
			s.Handle(func(*engine.Context, int) error { return nil })
			if last != nil {
				engine.Connect(last, s)
			}
			last = s
		}
		require.NoError(b, e.Start(context.Background()))
		h := debug.Handler(e)
		for _, page := range []string{"stats", "metrics", "graph.svg", "explain"} {
			b.Run(fmt.Sprintf("stages=%d/page=%s", stages, page), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/"+page, nil))
				}
			})
		}
		require.NoError(b, e.Close())
	}
}
