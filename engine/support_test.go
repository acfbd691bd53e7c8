package engine_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

var (
	oneShared = engine.Config{Workers: 1, Kind: engine.Shared}
	twoShared = engine.Config{Workers: 2, Kind: engine.Shared}
	onePinned = engine.Config{Workers: 1, Kind: engine.Pinned}
	twoPinned = engine.Config{Workers: 2, Kind: engine.Pinned, Oversubscribe: true}

	errBroken = errors.New("broken")
)

// eachKind runs f with one worker of each kind.
func eachKind(t *testing.T, f func(t *testing.T, c engine.Config)) {
	for _, c := range []engine.Config{oneShared, onePinned} {
		t.Run(c.Kind.String(), func(t *testing.T) { f(t, c) })
	}
}

// newEngine makes an engine that does not log and is closed with the test. Its policy, if c has none, leaves all as it is: tests say themselves who
// serves what, and count batches.
func newEngine(t testing.TB, c engine.Config) *engine.Engine {
	c.Log = silent()
	if c.Policy == nil {
		c.Policy = policy(func(*sched.Snapshot, *sched.Draft) {})
	}
	e := engine.New(c)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func start(t testing.TB, e *engine.Engine) {
	t.Helper()
	require.NoError(t, e.Start(context.Background()))
}

// drain drains e and verifies the laws of conservation.
func drain(t *testing.T, e *engine.Engine) engine.Stats {
	t.Helper()
	require.NoError(t, e.Drain(limited(t)))
	s := e.Stats()
	engine.CheckBooks(t, s)
	return s
}

// limited returns a context that ends when a test has surely failed.
func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), engine.Patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until cond holds. What takes long it leaves a CPU for: beside a worker that spins it would have the last one, and handlers of blocking
// stages would run when the kernel has had enough of it.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	const eager = 10 * time.Millisecond
	for began := time.Now(); !cond(); runtime.Gosched() {
		waited := time.Since(began)
		require.Less(t, waited, engine.Patience, "in vain: %s", what)
		if waited > eager {
			time.Sleep(eager / 100)
		}
	}
}

// receive takes one value from c.
func receive[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(engine.Patience):
		require.FailNow(t, "nothing received")
	}
	return v
}

// async runs f in a goroutine and returns where its result will be.
func async[T any](f func() T) <-chan T {
	c := make(chan T, 1)
	go func() { c <- f() }()
	return c
}

// gate holds handlers: one that calls pass stays there until the test lets it go. It opens for good with the test.
type gate struct {
	in, out chan struct{}
	opened  chan struct{}
	once    sync.Once
}

// newGate must be called after newEngine, so that handlers are free before the engine is closed.
func newGate(t testing.TB) *gate {
	g := &gate{in: make(chan struct{}), out: make(chan struct{}), opened: make(chan struct{})}
	t.Cleanup(g.open)
	return g
}

func (g *gate) pass() {
	select {
	case g.in <- struct{}{}:
	case <-g.opened:
		return
	}
	select {
	case <-g.out:
	case <-g.opened:
	}
}

// wait returns when a handler is inside.
func (g *gate) wait(t testing.TB) { t.Helper(); receive(t, g.in) }

// next lets the handler inside go, and waits for another one.
func (g *gate) next(t testing.TB) {
	t.Helper()
	select {
	case g.out <- struct{}{}:
	case <-time.After(engine.Patience):
		require.FailNow(t, "nobody is inside")
	}
	g.wait(t)
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

// log collects what handlers see.
type log[T any] struct {
	mu   sync.Mutex
	seen []T
}

func (l *log[T]) add(v ...T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, v...)
}

func (l *log[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]T(nil), l.seen...)
}

// numbered is event n of one of several sources: an inlet, a caller, a submission. Tests share it since all of the engine is compiled once more
// for each type of event.
type numbered struct{ from, n int }

// count returns 0, 1, ..., n-1.
func count(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// ignore is a handler that does nothing.
func ignore[T any](*engine.Context, T) error { return nil }
