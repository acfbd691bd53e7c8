package engine_test

import (
	"context"
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
