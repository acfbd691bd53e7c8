package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// handClock is a clock that tests move.
type handClock struct{ now atomic.Int64 }

func (c *handClock) read() engine.Time       { return engine.Time(c.now.Load()) }
func (c *handClock) advance(d time.Duration) { c.now.Add(int64(d)) }

func withClock(t *testing.T, c engine.Config) (*engine.Engine, *handClock) {
	e, clock := newEngine(t, c), &handClock{}
	clock.advance(time.Hour)
	e.UseClock(clock.read)
	return e, clock
}

// While events of all classes wait they are taken in proportion to the weights, each class in its own order.
func TestClassesShare(t *testing.T) {
	const each = 850
	for _, c := range []engine.Config{oneShared, twoShared} {
		e := newEngine(t, c)
		g := newGate(t)
		var seen log[numbered]
		s := engine.Add(e, engine.StageConfig[numbered]{Name: "s", Classes: 4, Serial: true})
		s.Handle(func(_ *engine.Context, v numbered) error {
			if v.from < 0 {
				g.pass()
				return nil
			}
			seen.add(v)
			return nil
		})
		var inlets [4]*engine.Inlet[numbered]
		for class := range inlets {
			inlets[class] = s.Inlet(engine.InletConfig{Name: string(rune('a' + class)), Class: class})
		}
		start(t, e)
		require.NoError(t, s.TrySubmit(numbered{-1, 0}))
		g.wait(t)
		for class, in := range inlets {
			for n := range each {
				require.NoError(t, in.TrySubmit(numbered{class, n}))
			}
		}
		g.open()
		drain(t, e)
		require.Len(t, seen.all(), 4*each)
		var had, next [4]int
		for _, v := range seen.all() {
			require.Equal(t, next[v.from], v.n, "order of class %d", v.from)
			next[v.from]++
			if next[3] < 640 { // class 3 has events waiting, and so have the others
				had[v.from]++
			}
		}
		require.InDelta(t, 10, had[0], 2)
		require.InDelta(t, 40, had[1], 5)
		require.InDelta(t, 160, had[2], 17)
	}
}

// The class follows what is derived from an event, as far as the next stage has classes.
func TestClassFollows(t *testing.T) {
	e := newEngine(t, twoShared)
	a := engine.Add(e, engine.StageConfig[int]{Name: "a", Classes: 4})
	b := engine.Add(e, engine.StageConfig[int]{Name: "b", Classes: 4})
	c := engine.Add(e, engine.StageConfig[int]{Name: "c", Classes: 2})
	ab, ac := engine.Connect(a, b), engine.Connect(a, c)
	a.Handle(func(c *engine.Context, v int) error { ab.Emit(c, v); ac.Emit(c, v); return nil })
	var classesB, classesC log[int]
	b.Handle(func(c *engine.Context, _ int) error { classesB.add(c.Class()); return nil })
	c.HandleBatch(func(c *engine.Context, vs []int) error {
		for i := range vs {
			classesC.add(c.ClassOf(i))
		}
		return nil
	})
	in := a.Inlet(engine.InletConfig{Name: "high", Class: 3})
	start(t, e)
	require.NoError(t, in.Submit(limited(t), 1))
	drain(t, e)
	require.Equal(t, []int{3}, classesB.all())
	require.Equal(t, []int{1}, classesC.all())
}

// What waited too long in a ring is not handled: it is counted and answered.
func TestMaxAge(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared} {
		e, clock := withClock(t, c)
		g := newGate(t)
		s := engine.Add(e, engine.StageConfig[timedAsk]{Name: "s", MaxAge: time.Second, Serial: true, MaxBatch: 4})
		var handled log[int]
		s.HandleBatch(func(c *engine.Context, qs []timedAsk) error {
			for _, q := range qs {
				handled.add(q.N)
				q.Send(c, q.N)
				if q.N == 0 {
					g.pass()
				}
			}
			return nil
		})
		start(t, e)
		ask := func(n int) <-chan error {
			return async(func() error { _, err := askFor(t, s, n); return err })
		}
		blocker := ask(0)
		g.wait(t)
		var late []<-chan error
		for n := range 6 {
			late = append(late, ask(1+n))
			eventually(t, "it waits", func() bool { return e.Stats().Stage("s").Depth == 2+n })
		}
		clock.advance(time.Second)
		onTime := ask(7)
		eventually(t, "it waits", func() bool { return e.Stats().Stage("s").Depth == 8 })
		clock.advance(1)
		g.open()
		require.NoError(t, receive(t, blocker))
		for _, l := range late {
			err := receive(t, l)
			require.ErrorIs(t, err, engine.ErrExpired)
			require.EqualError(t, err, "stage s: expired")
		}
		require.NoError(t, receive(t, onTime))
		st := drain(t, e).Stage("s")
		require.EqualValues(t, 6, st.Expired)
		require.EqualValues(t, 2, st.Completed)
		require.Equal(t, []int{0, 7}, handled.all())
	}
}

// timedAsk is a Call's event.
type timedAsk struct {
	engine.Reply[int]
	N int
}

func askFor(t *testing.T, s *engine.Stage[timedAsk], n int) (int, error) {
	return engine.Call(limited(t), s, func(r engine.Reply[int]) timedAsk { return timedAsk{r, n} })
}

// A call's deadline travels with its event and what is derived from it, automatically or by EmitFor, and not with what plain Emit sends in
// a handler of batches.
func TestDeadlineTravels(t *testing.T) {
	for name, emit := range map[string]func(*engine.Edge[timedAsk], *engine.Stage[timedAsk]){
		"each": func(ed *engine.Edge[timedAsk], s *engine.Stage[timedAsk]) {
			s.Handle(func(c *engine.Context, q timedAsk) error { ed.Emit(c, q); return nil })
		},
		"batch, EmitFor": func(ed *engine.Edge[timedAsk], s *engine.Stage[timedAsk]) {
			s.HandleBatch(func(c *engine.Context, qs []timedAsk) error {
				for i := range qs {
					ed.EmitFor(c, i, qs[i])
				}
				return nil
			})
		},
		"batch, EmitBatch": func(ed *engine.Edge[timedAsk], s *engine.Stage[timedAsk]) {
			s.HandleBatch(func(c *engine.Context, qs []timedAsk) error { ed.EmitBatch(c, qs); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, clock := withClock(t, twoShared)
			g := newGate(t)
			a := engine.Add(e, engine.StageConfig[timedAsk]{Name: "a", Deadlines: true})
			b := engine.Add(e, engine.StageConfig[timedAsk]{Name: "b", Deadlines: true, Key: func(q timedAsk) uint64 { return uint64(q.N) }})
			hold := engine.Add(e, engine.StageConfig[int]{Name: "hold"})
			emit(engine.Connect(a, b), a)
			b.Handle(func(c *engine.Context, q timedAsk) error { q.Send(c, q.N); return nil })
			hold.Handle(func(*engine.Context, int) error { g.pass(); return nil })
			start(t, e)
			apply(t, e, map[string][]int{"a": {0}, "b": {1}, "hold": {1}})
			require.NoError(t, hold.Submit(limited(t), 0)) // b's worker is busy
			g.wait(t)
			ctx, cancel := context.WithTimeout(t.Context(), engine.Patience)
			defer cancel()
			answer := async(func() error {
				_, err := engine.Call(ctx, a, func(r engine.Reply[int]) timedAsk { return timedAsk{r, 1} })
				return err
			})
			eventually(t, "it waits in b", func() bool { return e.Stats().Stage("b").Depth == 1 })
			clock.advance(2 * engine.Patience)
			g.open()
			err := receive(t, answer)
			st := drain(t, e).Stage("b")
			if name == "batch, EmitBatch" {
				require.NoError(t, err)
				require.Zero(t, st.Expired)
				return
			}
			require.ErrorIs(t, err, engine.ErrExpired)
			require.EqualValues(t, 1, st.Expired)
		})
	}
}

// apply publishes a plan and waits until it is in force.
func apply(t *testing.T, e *engine.Engine, plan map[string][]int) {
	t.Helper()
	eventually(t, "the plan is taken", func() bool { return e.Apply(plan) == nil })
	eventually(t, "the plan is in force", e.InForce)
}

// A call whose context has ended submits nothing.
func TestCallTooLate(t *testing.T) {
	e := newEngine(t, oneShared)
	s := engine.Add(e, engine.StageConfig[timedAsk]{Name: "s", Deadlines: true})
	s.Handle(func(c *engine.Context, q timedAsk) error { q.Send(c, 1); return nil })
	start(t, e)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := engine.Call(ctx, s, func(r engine.Reply[int]) timedAsk { return timedAsk{Reply: r} })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, drain(t, e).Stage("s").Entered)
}

func TestEmitForOutside(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, engine.StageConfig[int]{Name: "a"})
	b := engine.Add(e, engine.StageConfig[int]{Name: "b"})
	edge := engine.Connect(a, b)
	a.HandleBatch(func(c *engine.Context, vs []int) error { edge.EmitFor(c, len(vs), 1); return nil })
	b.Handle(ignore[int])
	failed := failures(e, a)
	start(t, e)
	require.NoError(t, a.Submit(limited(t), 1))
	drain(t, e)
	require.ErrorContains(t, failed.all()[0].Err, "edge a -> b: EmitFor(1) in a batch of 1")
}

// A Key that panics in EmitFor, and is recovered from by the handler, leaves nothing of its event to the next one.
func TestNoteOfAnEventWithoutKey(t *testing.T) {
	e := newEngine(t, twoShared)
	a := engine.Add(e, engine.StageConfig[int]{Name: "a", Classes: 4})
	b := engine.Add(e, engine.StageConfig[int]{Name: "b", Classes: 4, Key: func(v int) uint64 {
		if v == 0 {
			panic("no key")
		}
		return uint64(v)
	}})
	edge := engine.Connect(a, b)
	try := func(emit func()) {
		defer func() { require.NotNil(t, recover()) }()
		emit()
	}
	a.HandleBatch(func(c *engine.Context, _ []int) error {
		try(func() { edge.EmitFor(c, 0, 0) })
		edge.Emit(c, 1)
		edge.EmitFor(c, 0, 2)
		return nil
	})
	var classes log[[2]int]
	b.Handle(func(c *engine.Context, v int) error { classes.add([2]int{v, c.Class()}); return nil })
	in := a.Inlet(engine.InletConfig{Name: "high", Class: 3})
	start(t, e)
	require.NoError(t, in.Submit(limited(t), 7))
	drain(t, e)
	require.ElementsMatch(t, [][2]int{{1, 0}, {2, 3}}, classes.all())
}
