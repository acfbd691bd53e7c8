package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// question is an event with a way back.
type question struct {
	engine.Reply[int]
	n int
}

type answer struct {
	n   int
	err error
}

func call(ctx context.Context, s *engine.Stage[question], n int) answer {
	v, err := engine.Call(ctx, s, func(r engine.Reply[int]) question { return question{r, n} })
	return answer{v, err}
}

// asked is an engine of one stage with the given handler.
func asked(t *testing.T, c engine.Config, handle func(*engine.Context, question) error) (*engine.Engine, *engine.Stage[question]) {
	e := newEngine(t, c)
	s := engine.Add(e, engine.StageConfig[question]{Name: "s", Capacity: 2, MaxBatch: 1})
	s.Handle(handle)
	return e, s
}

func double(c *engine.Context, q question) error {
	q.Send(c, 2*q.n)
	return nil
}

func TestCall(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		e, s := asked(t, c, double)
		start(t, e)
		for n := range 100 {
			require.Equal(t, answer{2 * n, nil}, call(limited(t), s, n))
			require.Equal(t, answer{-2 * n, nil}, call(context.Background(), s, -n), "a context that never ends")
		}
		require.Equal(t, uint64(200), drain(t, e).Stage("s").Completed)
	})
}

func TestCallOutsideTheEnginesLife(t *testing.T) {
	e, s := asked(t, oneShared, double)
	require.ErrorIs(t, call(limited(t), s, 1).err, engine.ErrNotStarted)
	start(t, e)
	require.Equal(t, answer{2, nil}, call(limited(t), s, 1), "with the slot of the call before")
	drain(t, e)
	require.ErrorIs(t, call(limited(t), s, 1).err, engine.ErrClosed)
}

// The answer to a caller that left reaches nobody, above all not the next one.
func TestCallContextEnds(t *testing.T) {
	e := newEngine(t, oneShared)
	g := newGate(t)
	s := engine.Add(e, engine.StageConfig[question]{Name: "s"})
	s.Handle(func(c *engine.Context, q question) error {
		if q.n == 1 {
			g.pass()
		}
		return double(c, q)
	})
	start(t, e)
	ctx, cancel := context.WithCancel(context.Background())
	gone := async(func() answer { return call(ctx, s, 1) })
	g.wait(t)
	cancel()
	require.ErrorIs(t, receive(t, gone).err, context.Canceled)
	next := async(func() answer { return call(limited(t), s, 2) })
	g.open()
	require.Equal(t, answer{4, nil}, receive(t, next))
	drain(t, e)
}

// Slots are used again and again; answers to earlier calls through the same slot do nothing.
func TestCallSlotsAreReused(t *testing.T) {
	var stale log[engine.Reply[int]]
	e, s := asked(t, oneShared, func(c *engine.Context, q question) error {
		for i, r := range stale.all() {
			if i%2 == 0 {
				r.Send(c, -1)
			} else {
				r.Lost(errBroken)
			}
		}
		stale.add(q.Reply)
		return double(c, q)
	})
	start(t, e)
	for n := range 300 {
		require.Equal(t, answer{2 * n, nil}, call(limited(t), s, n))
	}
	drain(t, e)
}

func TestFirstAnswerCounts(t *testing.T) {
	e, s := asked(t, oneShared, func(c *engine.Context, q question) error {
		switch q.n {
		case 0:
			q.Send(c, 1)
			q.Send(c, 2)
			q.Lost(errBroken)
		case 1:
			q.Lost(errBroken)
			q.Send(c, 2)
		case 2:
			q.Send(c, 3)
			return errBroken
		case 3:
			q.Send(c, 4)
			panic("after all")
		}
		return nil
	})
	start(t, e)
	for n, want := range []answer{{1, nil}, {0, errBroken}, {3, nil}, {4, nil}} {
		require.Equal(t, want, call(limited(t), s, n))
	}
	require.Equal(t, uint64(2), drain(t, e).Stage("s").Failed)
}

// The zero Reply, of an event that nobody waits for, takes any answer.
func TestReplyToNobody(t *testing.T) {
	e, s := asked(t, oneShared, func(c *engine.Context, q question) error {
		q.Send(c, 1)
		q.Send(nil, 1)
		return errBroken
	})
	start(t, e)
	require.NoError(t, s.TrySubmit(question{}))
	require.Equal(t, uint64(1), drain(t, e).Stage("s").Failed)
}

// A caller learns why its event failed.
func TestCallFails(t *testing.T) {
	eachFlaw(t, func(t *testing.T, c engine.Config, f flaw) {
		e := newEngine(t, c)
		one := engine.Add(e, engine.StageConfig[question]{Name: "a"})
		one.Handle(func(*engine.Context, question) error { return f.do() })
		start(t, e)
		for range 3 {
			f.want(t, call(limited(t), one, 1).err)
		}
		require.Equal(t, uint64(3), drain(t, e).Stage("a").Failed)
	})
}

func TestCallFailsInABatch(t *testing.T) {
	e := newEngine(t, oneShared)
	s := engine.Add(e, engine.StageConfig[question]{Name: "s"})
	s.HandleBatch(func(c *engine.Context, qs []question) error {
		for i, q := range qs {
			if q.n%2 == 0 {
				c.Fail(i, errBroken)
			} else {
				q.Send(c, q.n)
			}
		}
		return nil
	})
	start(t, e)
	answers := make([]<-chan answer, 20)
	for n := range answers {
		answers[n] = async(func() answer { return call(limited(t), s, n) })
	}
	for n, a := range answers {
		want := answer{n, nil}
		if n%2 == 0 {
			want = answer{0, errBroken}
		}
		require.Equal(t, want, receive(t, a))
	}
	require.Equal(t, uint64(10), drain(t, e).Stage("s").Failed)
}

// path is three stages that hand a question on; the last one decides.
func path(t *testing.T, c engine.Config, full engine.Full, last func(*engine.Context, question) error) (*engine.Engine, *engine.Stage[question]) {
	e := newEngine(t, c)
	var stages [3]*engine.Stage[question]
	for i := range stages {
		stages[i] = engine.Add(e, engine.StageConfig[question]{Name: string(rune('a' + i)), Capacity: 2, MaxBatch: 1})
	}
	for i, s := range stages[:2] {
		edge := engine.Connect(s, stages[i+1])
		edge.Full = full
		s.Handle(func(c *engine.Context, q question) error { q.n++; edge.Emit(c, q); return nil })
	}
	stages[2].Handle(last)
	return e, stages[0]
}

func TestReplyIsForwarded(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e, first := path(t, c, engine.Block, func(c *engine.Context, q question) error {
			if q.n == 5 {
				return errBroken
			}
			return double(c, q)
		})
		start(t, e)
		require.Equal(t, answer{6, nil}, call(limited(t), first, 1))
		require.Equal(t, answer{8, nil}, call(limited(t), first, 2))
		require.Equal(t, answer{0, errBroken}, call(limited(t), first, 3), "the third stage failed")
		drain(t, e)
	}
}

func TestCallDropped(t *testing.T) {
	c := twoShared
	c.Assign = map[string][]int{"a": {0}, "b": {0}, "c": {1}}
	g := newGate(t)
	e, first := path(t, c, engine.Drop, func(c *engine.Context, q question) error { g.pass(); return double(c, q) })
	t.Cleanup(g.open)
	start(t, e)
	kept := []<-chan answer{async(func() answer { return call(limited(t), first, 1) })}
	g.wait(t)
	for i := range 2 {
		kept = append(kept, async(func() answer { return call(limited(t), first, 1) }))
		eventually(t, "it is in the ring", func() bool { return e.Stats().Stage("c").Depth == i+2 })
	}
	for range 3 {
		dropped := call(limited(t), first, 1)
		require.ErrorIs(t, dropped.err, engine.ErrDropped)
		require.ErrorContains(t, dropped.err, "edge b -> c: ")
	}
	g.open()
	for _, k := range kept {
		require.Equal(t, answer{6, nil}, receive(t, k))
	}
	drain(t, e)
}

func TestCallRefused(t *testing.T) {
	e := newEngine(t, oneShared)
	g := newGate(t)
	s := engine.Add(e, engine.StageConfig[question]{Name: "s", Capacity: 2, MaxBatch: 1, Waiters: -1})
	s.Handle(func(c *engine.Context, q question) error { g.pass(); return double(c, q) })
	start(t, e)
	accepted := []<-chan answer{async(func() answer { return call(limited(t), s, 0) })}
	g.wait(t)
	for n := 1; n < 3; n++ {
		accepted = append(accepted, async(func() answer { return call(limited(t), s, n) }))
	}
	eventually(t, "the ring is full", func() bool { return e.Stats().Stage("s").Depth == 3 })
	require.ErrorIs(t, call(limited(t), s, 9).err, engine.ErrRefused)
	g.open()
	for n, a := range accepted {
		require.Equal(t, answer{2 * n, nil}, receive(t, a))
	}
	drain(t, e)
}

// A call may also end while it waits for room.
func TestCallContextEndsInLine(t *testing.T) {
	g := newGate(t)
	e, s := asked(t, oneShared, func(c *engine.Context, q question) error { g.pass(); return double(c, q) })
	t.Cleanup(g.open)
	start(t, e)
	require.NoError(t, s.TrySubmit(question{}))
	g.wait(t)
	for range 2 {
		require.NoError(t, s.TrySubmit(question{}))
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := async(func() answer { return call(ctx, s, 1) })
	eventually(t, "it waits", func() bool { return e.Stats().Stages[0].Inlets[0].Waiting == 1 })
	cancel()
	require.ErrorIs(t, receive(t, gone).err, context.Canceled)
	g.open()
	require.Equal(t, answer{4, nil}, call(limited(t), s, 2))
	require.Equal(t, uint64(4), drain(t, e).Stage("s").Completed)
}

// Handled without an answer, a call ends with the engine; until then somebody may still send one.
func TestCallWithoutReply(t *testing.T) {
	for name, end := range map[string]func(*engine.Engine) error{
		"Drain": func(e *engine.Engine) error { return e.Drain(context.Background()) },
		"Close": (*engine.Engine).Close,
	} {
		t.Run(name, func(t *testing.T) {
			var late log[engine.Reply[int]]
			e, s := asked(t, oneShared, func(_ *engine.Context, q question) error { late.add(q.Reply); return nil })
			start(t, e)
			calls := []<-chan answer{
				async(func() answer { return call(limited(t), s, 1) }),
				async(func() answer { return call(context.Background(), s, 1) }),
			}
			eventually(t, "both are handled", func() bool { return e.Stats().Stage("s").Completed == 2 })
			require.NoError(t, end(e))
			for _, c := range calls {
				require.ErrorIs(t, receive(t, c).err, engine.ErrNoReply)
			}
			for _, r := range late.all() {
				r.Send(nil, 5)
			}
		})
	}
}

// What Close discards, in a ring or owed by a worker, was not handled: its callers are told so.
func TestCallLostByClose(t *testing.T) {
	g := newGate(t)
	e, first := path(t, oneShared, engine.Block, func(c *engine.Context, q question) error { g.pass(); return double(c, q) })
	t.Cleanup(g.open)
	start(t, e)
	handled := async(func() answer { return call(limited(t), first, 0) })
	g.wait(t)
	var lost []<-chan answer
	for range 3 {
		lost = append(lost, async(func() answer { return call(limited(t), first, 1) }))
	}
	eventually(t, "the ring is full", func() bool { s := e.Stats().Stages[0]; return s.Depth == 2 && s.Inlets[0].Waiting == 1 })
	closed := async(e.Close)
	eventually(t, "the worker is to stop", e.Stopping)
	g.open()
	require.Equal(t, answer{4, nil}, receive(t, handled), "handlers that are running finish")
	for _, l := range lost {
		require.ErrorIs(t, receive(t, l).err, engine.ErrClosed)
	}
	require.EqualError(t, receive(t, closed), `engine "engine": 2 events left: 2 in a`)
}

// An answer may come from any goroutine, without a context.
func TestReplyFromAnotherGoroutine(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		later := make(chan question, 100)
		e, s := asked(t, c, func(_ *engine.Context, q question) error { later <- q; return nil })
		var wg sync.WaitGroup
		wg.Go(func() {
			for q := range later {
				q.Send(nil, -q.n)
			}
		})
		start(t, e)
		for n := range 100 {
			require.Equal(t, answer{-n, nil}, call(limited(t), s, n))
		}
		drain(t, e)
		close(later)
		wg.Wait()
	})
}

func TestManyCallers(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e, first := path(t, c, engine.Block, double)
		start(t, e)
		var wg sync.WaitGroup
		for k := range 64 {
			wg.Go(func() {
				for i := range 50 {
					n := 100*k + i
					if a := call(t.Context(), first, n); a != (answer{2 * (n + 2), nil}) {
						t.Error(n, a)
					}
				}
			})
		}
		wg.Wait()
		require.Equal(t, uint64(64*50), drain(t, e).Stage("c").Completed)
	}
}

// Callers come and go while the engine ends: none is left behind, none gets another's answer.
func TestCallersAtTheEnd(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e, first := path(t, c, engine.Block, func(c *engine.Context, q question) error {
			switch q.n % 5 {
			case 0:
				return nil // never answered
			case 1:
				return errBroken
			default:
				return double(c, q)
			}
		})
		start(t, e)
		served := make(chan struct{}, 1)
		var wg sync.WaitGroup
		for k := range 32 {
			wg.Go(func() {
				for i := 0; ; i++ {
					n := 1000*k + i
					ctx, cancel := context.WithCancel(t.Context())
					if i%3 == 0 {
						go cancel()
					}
					a := call(ctx, first, n)
					cancel()
					switch {
					case errors.Is(a.err, engine.ErrClosed), errors.Is(a.err, engine.ErrNoReply):
						return
					case a.err == nil && a.n != 2*(n+2):
						t.Error(n, a)
					case a.err != nil && !errors.Is(a.err, context.Canceled) && !errors.Is(a.err, errBroken):
						t.Error(n, a)
					}
					select {
					case served <- struct{}{}:
					default:
					}
				}
			})
		}
		receive(t, served)
		_ = e.Close() // what was left depends on the moment
		wg.Wait()
	}
}
