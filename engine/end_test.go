package engine_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
)

// ended is a context that is over.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// Drain finishes everything, also what is emitted while it waits.
func TestDrainFinishes(t *testing.T) {
	for _, c := range []engine.Config{oneShared, onePinned, twoShared, twoPinned} {
		e := newEngine(t, c)
		a := engine.Add(e, stageConfig{Name: "a", Capacity: 4})
		b := engine.Add(e, stageConfig{Name: "b", Capacity: 2})
		last := add(e, stageConfig{Name: "last", Capacity: 2, Serial: true})
		ab, bl := engine.Connect(a, b), engine.Connect(b, last)
		a.Handle(func(c *engine.Context, v int) error {
			for range 10 {
				ab.Emit(c, v)
			}
			return nil
		})
		b.Handle(func(c *engine.Context, v int) error {
			for range 3 {
				bl.Emit(c, v)
			}
			return nil
		})
		start(t, e)
		for v := range 50 {
			require.NoError(t, a.Submit(limited(t), v))
		}
		require.Equal(t, uint64(50*10*3), drain(t, e).Stage("last").Completed)
	}
}

func TestDrainOfAnIdleEngine(t *testing.T) {
	for _, c := range []engine.Config{oneShared, onePinned, twoShared, twoPinned, {}} {
		e := newEngine(t, c)
		addPair(e)
		start(t, e)
		drain(t, e)
		drain(t, e)
		require.NoError(t, e.Close(), "nothing was left")
	}
}

// When its context ends Drain says what is not done, and the engine goes on draining.
func TestDrainSaysWhatRemains(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	err := s.e.Drain(ended())
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, `engine "engine": drain: 5 events left: 5 in s: context canceled`)
	var left *engine.RemainsError
	require.ErrorAs(t, err, &left)
	require.Equal(t, []engine.Remains{{Stage: "s", Events: 5}}, left.Stages)
	require.Equal(t, 5, left.Total())
	s.gate.next(t)
	require.ErrorAs(t, s.e.Drain(ended()), &left)
	require.Equal(t, 4, left.Total())
	s.gate.open()
	drain(t, s.e)
	require.Equal(t, count(5), s.seen.all())
	require.NoError(t, s.e.Drain(ended()), "it has ended: there is nothing to wait for")
}

func TestDrainFromSeveralGoroutines(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	var all []<-chan error
	for range 8 {
		all = append(all, async(func() error { return s.e.Drain(context.Background()) }))
	}
	require.Error(t, s.e.Drain(ended()))
	s.gate.open()
	for _, d := range all {
		require.NoError(t, receive(t, d))
	}
	require.Equal(t, count(5), s.seen.all())
}

// Close lets the handlers that run finish and reports everything else, by stage: in rings, and owed by workers.
func TestCloseReportsWhatIsLeft(t *testing.T) {
	h := newHop(t, oneShared, engine.Block)
	h.a.Handle(func(c *engine.Context, v int) error {
		for i := range 6 {
			h.edge.Emit(c, 10*v+i)
		}
		return nil
	})
	start(t, h.e)
	submit(t, h.a, 0, 1)
	h.gate.wait(t) // of six events, one is in b's hand, one in its ring, four are owed
	submit(t, h.a, 1, 4)
	closed := []<-chan error{async(h.e.Close), async(h.e.Close)}
	eventually(t, "the worker is to stop", h.e.Stopping)
	h.gate.open()
	var left *engine.RemainsError
	for _, c := range append(closed, async(h.e.Close)) {
		require.ErrorAs(t, receive(t, c), &left)
		require.Equal(t, []engine.Remains{{Stage: "a", Events: 3}, {Stage: "b", Events: 5}}, left.Stages)
		require.EqualError(t, left, "8 events left: 3 in a, 5 in b")
	}
	require.Equal(t, []int{0}, h.seen.all())
	s := h.e.Stats()
	require.Equal(t, uint64(1), s.Stage("b").Completed)
	require.Equal(t, []int{3, 5}, []int{s.Stage("a").Depth, s.Stage("b").Depth}, "the books say the same")
	require.Equal(t, uint64(4), s.Stage("a").Inlets[0].Accepted)
	err := h.e.Drain(limited(t))
	require.ErrorIs(t, err, engine.ErrClosed)
	require.ErrorAs(t, err, &left)
	require.Equal(t, 8, left.Total())
}

// While Close waits for a handler, others are not held up.
func TestDrainWhileClosing(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2})
	s.fill(t, 2)
	closed := async(s.e.Close)
	eventually(t, "the worker is to stop", s.e.Stopping)
	require.ErrorIs(t, receive(t, async(func() error { return s.e.Drain(ended()) })), context.Canceled)
	require.ErrorIs(t, receive(t, async(func() error { return s.e.Start(context.Background()) })), engine.ErrStarted)
	require.ErrorIs(t, s.stage.TrySubmit(1), engine.ErrClosed)
	require.Equal(t, 3, s.e.Stats().Stage("s").Depth)
	s.gate.open()
	require.Error(t, receive(t, closed))
}

// Close of a draining engine does not wait for the rest.
func TestCloseWhileDraining(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	drained := async(func() error { return s.e.Drain(context.Background()) })
	require.Error(t, s.e.Drain(ended()))
	closed := async(s.e.Close)
	eventually(t, "the worker is to stop", s.e.Stopping)
	s.gate.open()
	var left *engine.RemainsError
	require.ErrorAs(t, receive(t, closed), &left)
	require.Equal(t, 4, left.Total())
	err := receive(t, drained)
	require.ErrorIs(t, err, engine.ErrClosed)
	require.ErrorAs(t, err, &left)
}

func TestCloseBeforeStart(t *testing.T) {
	e := newEngine(t, oneShared)
	a, _ := addPair(e)
	require.NoError(t, e.Close())
	require.Error(t, e.Start(context.Background()))
	require.Error(t, a.TrySubmit(1))
	require.NoError(t, e.Close())
	require.NoError(t, e.Drain(limited(t)))
}

// A cancelled Start context is Close.
func TestStartContextCancelled(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2})
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(t, s.e.Start(ctx))
	submit(t, s.stage, 0, 1)
	s.gate.wait(t)
	submit(t, s.stage, 1, 3)
	cancel()
	eventually(t, "the worker is to stop", s.e.Stopping)
	s.gate.open()
	var left *engine.RemainsError
	require.ErrorAs(t, s.e.Drain(limited(t)), &left)
	require.Equal(t, 2, left.Total())
	require.ErrorAs(t, s.e.Close(), &left)
	require.Equal(t, []int{0}, s.seen.all())
}

func TestStartContextCancelledBefore(t *testing.T) {
	e := newEngine(t, oneShared)
	a, _ := addPair(e)
	require.NoError(t, e.Start(ended()))
	require.NoError(t, e.Drain(limited(t)))
	require.ErrorIs(t, a.TrySubmit(1), engine.ErrClosed)
}

// onLog runs a function once, at the first message with the given text.
type onLog struct {
	slog.Handler
	text string
	once *sync.Once
	do   func()
}

func (h onLog) Enabled(context.Context, slog.Level) bool { return true }
func (h onLog) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h onLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == h.text {
		h.once.Do(h.do)
	}
	return nil
}

// Close in the middle of Start waits for it and then ends what it has begun.
func TestCloseWhileStarting(t *testing.T) {
	var e *engine.Engine
	var closed <-chan error
	c := oneShared
	c.CPUs = affinity.Of(0)
	c.Log = slog.New(onLog{
		text: "CPUs is ignored: workers are shared", once: new(sync.Once),
		do: func() { closed = async(func() error { return e.Close() }) },
	})
	e = engine.New(c)
	a, _ := addPair(e)
	require.NoError(t, e.Start(context.Background()))
	require.NoError(t, receive(t, closed))
	require.ErrorIs(t, a.TrySubmit(1), engine.ErrClosed)
	require.NoError(t, e.Drain(limited(t)))
}

// Engines end while goroutines submit: what was accepted is exactly what was handled or reported.
func TestEndWhileSubmitting(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		for _, end := range []func(e *engine.Engine) error{
			(*engine.Engine).Close,
			func(e *engine.Engine) error { return e.Drain(context.Background()) },
		} {
			e := newEngine(t, c)
			a := engine.Add(e, stageConfig{Name: "a", Capacity: 8})
			wide := a.Inlet(engine.InletConfig{Name: "wide", Capacity: 4, Lanes: 3})
			b := add(e, stageConfig{Name: "b", Capacity: 2})
			edge := engine.Connect(a, b)
			a.Handle(func(c *engine.Context, v int) error { edge.Emit(c, v); return nil })
			start(t, e)
			var accepted log[int]
			flowing := make(chan struct{}, 1)
			var wg sync.WaitGroup
			for k := range 6 {
				wg.Go(func() {
					n := 0
					for {
						var err error
						if k%2 == 0 {
							err = wide.Submit(t.Context(), 1)
						} else {
							err = a.Submit(t.Context(), 1)
						}
						if err != nil {
							break
						}
						n++
						select {
						case flowing <- struct{}{}:
						default:
						}
					}
					accepted.add(n)
				})
			}
			receive(t, flowing)
			err := end(e)
			wg.Wait()
			total := 0
			for _, n := range accepted.all() {
				total += n
			}
			left := map[string]int{}
			if err != nil {
				var r *engine.RemainsError
				require.ErrorAs(t, err, &r)
				for _, s := range r.Stages {
					left[s.Stage] = s.Events
				}
			}
			s := e.Stats()
			require.Equal(t, total, int(s.Stage("a").Completed)+left["a"])
			require.Equal(t, int(s.Stage("a").Completed), int(s.Stage("b").Completed)+left["b"])
		}
	}
}
