package engine_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// flaw is a way in which handling an event can fail.
type flaw struct {
	name string
	do   func() error
	want func(t *testing.T, err error)
}

var flaws = []flaw{
	{"error", func() error { return errBroken }, func(t *testing.T, err error) { require.ErrorIs(t, err, errBroken) }},
	{"panic", func() error { panic("ouch") }, func(t *testing.T, err error) {
		var p *engine.PanicError
		require.ErrorAs(t, err, &p)
		require.Equal(t, "ouch", p.Value)
		require.Contains(t, string(p.Stack), "failure_test.go")
		require.EqualError(t, err, "panicked: ouch")
	}},
	{"panic with an error", func() error { panic(fmt.Errorf("deep: %w", errBroken)) }, func(t *testing.T, err error) {
		require.ErrorIs(t, err, errBroken)
	}},
	{"panic with nil", func() error { panic(nil) }, func(t *testing.T, err error) {
		var p *runtime.PanicNilError
		require.ErrorAs(t, err, &p)
	}},
	{"runtime error", func() error { var none []int; return fmt.Errorf("unreachable %d", none[len(none)]) }, func(t *testing.T, err error) {
		var p runtime.Error
		require.ErrorAs(t, err, &p)
	}},
	{"goexit", func() error { runtime.Goexit(); return nil }, func(t *testing.T, err error) {
		require.ErrorIs(t, err, engine.ErrExited)
		require.ErrorContains(t, err, "stage a: ")
	}},
}

func isFault(f flaw) int {
	if f.name == "error" {
		return 0
	}
	return 1
}

// eachFlaw runs f with every flaw on a worker of each kind.
func eachFlaw(t *testing.T, f func(t *testing.T, c engine.Config, f flaw)) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		for _, fl := range flaws {
			t.Run(fl.name, func(t *testing.T) { f(t, c, fl) })
		}
	})
}

// held makes one worker take the events 0 to n-1 of s as one batch: it is held with event -1 until they are all there.
func held(t *testing.T, e *engine.Engine, g *gate, s *engine.Stage[int], n int) {
	t.Helper()
	start(t, e)
	submit(t, s, -1, 0)
	g.wait(t)
	submit(t, s, 0, n)
	g.open()
}

// In the per-event form one event of a batch fails, with what it emitted, and no other: nothing is lost, order is kept, the worker lives.
func TestFailureOfOneEvent(t *testing.T) {
	eachFlaw(t, func(t *testing.T, c engine.Config, f flaw) {
		e := newEngine(t, c)
		g := newGate(t)
		a := engine.Add(e, stageConfig{Name: "a", Serial: true})
		b := engine.Add(e, stageConfig{Name: "b", Serial: true})
		edge, again := engine.Connect(a, b), engine.Connect(a, b)
		var handled, arrived log[int]
		a.Handle(func(c *engine.Context, v int) error {
			if v < 0 {
				g.pass()
				return nil
			}
			handled.add(v)
			edge.Emit(c, v)
			again.Emit(c, 100+v)
			if v == 2 || v == 3 || v == 7 {
				return f.do()
			}
			return nil
		})
		b.Handle(func(_ *engine.Context, v int) error { arrived.add(v); return nil })
		failed := failures(e, a)
		held(t, e, g, a, 8)
		require.NoError(t, a.Submit(limited(t), 8), "the worker goes on")
		s := drain(t, e)
		require.Equal(t, count(9), handled.all())
		require.ElementsMatch(t, []int{0, 1, 4, 5, 6, 8, 100, 101, 104, 105, 106, 108}, arrived.all())
		require.Len(t, failed.all(), 3)
		for i, v := range []int{2, 3, 7} {
			require.Equal(t, v, failed.all()[i].Event)
			f.want(t, failed.all()[i].Err)
		}
		require.Equal(t, uint64(3), s.Stage("a").Failed)
		require.Equal(t, uint64(3*isFault(f)), s.Stage("a").Panics)
	})
}

// In the batch form the batch fails as a whole.
func TestFailureOfABatch(t *testing.T) {
	eachFlaw(t, func(t *testing.T, c engine.Config, f flaw) {
		e := newEngine(t, c)
		g := newGate(t)
		a := engine.Add(e, stageConfig{Name: "a"})
		b := engine.Add(e, stageConfig{Name: "b"})
		edge := engine.Connect(a, b)
		var arrived log[int]
		a.HandleBatch(func(c *engine.Context, vs []int) error {
			if vs[0] < 0 {
				g.pass()
				return nil
			}
			for _, v := range vs {
				edge.Emit(c, v)
			}
			if vs[0] == 0 {
				return f.do()
			}
			return nil
		})
		b.Handle(func(_ *engine.Context, v int) error { arrived.add(v); return nil })
		failed := failures(e, a)
		held(t, e, g, a, 8)
		eventually(t, "the batch has failed", func() bool { return len(failed.all()) == 8 })
		require.NoError(t, a.Submit(limited(t), 8), "the worker goes on")
		s := drain(t, e)
		require.Equal(t, []int{8}, arrived.all())
		for i, fl := range failed.all() {
			require.Equal(t, i, fl.Event)
			f.want(t, fl.Err)
		}
		require.Equal(t, uint64(8), s.Stage("a").Failed)
		require.Equal(t, uint64(isFault(f)), s.Stage("a").Panics)
	})
}

// Every event of a batch leaves the goroutine, so each is finished from the death of the one before.
func TestGoexitOfEveryEvent(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		e := newEngine(t, c)
		g := newGate(t)
		a := engine.Add(e, stageConfig{Name: "a"})
		a.Handle(func(_ *engine.Context, v int) error {
			if v < 0 {
				g.pass()
			}
			runtime.Goexit()
			return nil
		})
		held(t, e, g, a, 200)
		s := drain(t, e).Stage("a")
		require.Equal(t, uint64(201), s.Failed)
		require.Equal(t, uint64(201), s.Panics)
	})
}

// failOne is a batch handler's stage in which f decides about the events 0 to n-1, taken as one batch.
func failOne(t *testing.T, n int, f func(c *engine.Context, vs []int) error) (failed []engine.Failed[int], arrived []int) {
	e := newEngine(t, oneShared)
	g := newGate(t)
	a := engine.Add(e, stageConfig{Name: "a"})
	b := engine.Add(e, stageConfig{Name: "b"})
	edge := engine.Connect(a, b)
	a.HandleBatch(func(c *engine.Context, vs []int) error {
		if vs[0] < 0 {
			g.pass()
			return nil
		}
		for _, v := range vs {
			edge.Emit(c, v)
		}
		return f(c, vs)
	})
	var seen log[int]
	b.Handle(func(_ *engine.Context, v int) error { seen.add(v); return nil })
	fails := failures(e, a)
	held(t, e, g, a, n)
	s := drain(t, e)
	require.Equal(t, uint64(len(fails.all())), s.Stage("a").Failed)
	return fails.all(), seen.all()
}

func TestContextFail(t *testing.T) {
	errOther := errors.New("other")
	t.Run("some of a batch", func(t *testing.T) {
		failed, arrived := failOne(t, 5, func(c *engine.Context, _ []int) error {
			c.Fail(3, errOther)
			c.Fail(1, errBroken)
			c.Fail(3, errBroken)
			return nil
		})
		require.Equal(t, []engine.Failed[int]{{Event: 1, Err: errBroken}, {Event: 3, Err: errOther}}, failed, "the first reason counts")
		require.Equal(t, count(5), arrived, "what the handler emitted stays")
	})
	t.Run("batch of one", func(t *testing.T) {
		failed, arrived := failOne(t, 1, func(c *engine.Context, _ []int) error { c.Fail(0, errBroken); return nil })
		require.Equal(t, []engine.Failed[int]{{Event: 0, Err: errBroken}}, failed)
		require.Equal(t, count(1), arrived, "what the handler emitted stays, however large the batch")
	})
	t.Run("then the batch", func(t *testing.T) {
		failed, arrived := failOne(t, 2, func(c *engine.Context, _ []int) error { c.Fail(0, errOther); return errBroken })
		require.Equal(t, []engine.Failed[int]{{Event: 0, Err: errBroken}, {Event: 1, Err: errBroken}}, failed)
		require.Empty(t, arrived)
	})
	for _, i := range []int{-1, 2} {
		t.Run(fmt.Sprint("index ", i), func(t *testing.T) {
			failed, arrived := failOne(t, 2, func(c *engine.Context, _ []int) error { c.Fail(i, errBroken); return nil })
			require.Len(t, failed, 2)
			require.ErrorIs(t, failed[0].Err, errBroken)
			require.ErrorContains(t, failed[0].Err, fmt.Sprintf("stage a: Fail(%d) in a batch of 2", i))
			require.Empty(t, arrived)
		})
	}
	t.Run("no error", func(t *testing.T) {
		failed, arrived := failOne(t, 2, func(c *engine.Context, _ []int) error { c.Fail(0, nil); return nil })
		require.Len(t, failed, 2)
		require.ErrorContains(t, failed[0].Err, "stage a: Fail(0) without an error")
		require.Empty(t, arrived)
	})
}

func TestContextFailPerEvent(t *testing.T) {
	e := newEngine(t, oneShared)
	a, b := engine.Add(e, stageConfig{Name: "a"}), add(e, stageConfig{Name: "b"})
	edge := engine.Connect(a, b)
	a.Handle(func(c *engine.Context, v int) error {
		edge.Emit(c, v)
		if v == 1 {
			c.Fail(0, errBroken)
		}
		return nil
	})
	failed := failures(e, a)
	start(t, e)
	submit(t, a, 0, 3)
	s := drain(t, e)
	require.Equal(t, []engine.Failed[int]{{Event: 1, Err: errBroken}}, failed.all())
	require.Equal(t, uint64(2), s.Stage("b").Entered)
}

// A failure edge never holds its stage back: what does not fit is dropped, and its caller told.
func TestFailureEdgeOverflow(t *testing.T) {
	e := newEngine(t, apart(twoShared))
	g := newGate(t)
	a := engine.Add(e, engine.StageConfig[ask]{Name: "a"})
	b := engine.Add(e, engine.StageConfig[engine.Failed[ask]]{Name: "b", Capacity: 2, MaxBatch: 1})
	a.Handle(func(*engine.Context, ask) error { return errBroken })
	b.Handle(func(c *engine.Context, f engine.Failed[ask]) error {
		g.pass()
		f.Event.Send(c, 7)
		return nil
	})
	engine.OnFailure(a, b)
	start(t, e)
	type answer struct {
		v   int
		err error
	}
	call := func() answer {
		v, err := engine.Call(limited(t), a, func(r engine.Reply[int]) ask { return ask{r} })
		return answer{v, err}
	}
	first := async(call)
	g.wait(t)
	var handled []<-chan answer
	for i := range 2 {
		handled = append(handled, async(call))
		eventually(t, "it is in b's ring", func() bool { return e.Stats().Stage("b").Depth == i+2 })
	}
	for range 3 {
		dropped := call()
		require.ErrorIs(t, dropped.err, errBroken, "the reason of the failure")
		require.ErrorIs(t, dropped.err, engine.ErrDropped)
		require.ErrorContains(t, dropped.err, "edge a -> b")
	}
	g.open()
	for _, c := range append(handled, first) {
		require.Equal(t, answer{7, nil}, receive(t, c), "the failure edge has taken over the duty to answer")
	}
	ed := drain(t, e).Stage("a").Edges[0]
	require.Equal(t, engine.EdgeStats{
		From: "a", To: "b", Full: engine.Drop, Failure: true, Emitted: 6, Entered: 3, Dropped: 3,
	}, ed)
}

// Failures of the failure stage go their own way.
func TestFailureStageFails(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, stageConfig{Name: "a"})
	a.Handle(func(*engine.Context, int) error { return errBroken })
	bad := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "bad"})
	bad.Handle(func(*engine.Context, engine.Failed[int]) error { panic("twice") })
	engine.OnFailure(a, bad)
	worse := engine.Add(e, engine.StageConfig[engine.Failed[engine.Failed[int]]]{Name: "worse"})
	var seen log[engine.Failed[engine.Failed[int]]]
	worse.Handle(func(_ *engine.Context, f engine.Failed[engine.Failed[int]]) error { seen.add(f); return nil })
	engine.OnFailure(bad, worse)
	start(t, e)
	require.NoError(t, a.TrySubmit(5))
	drain(t, e)
	require.Len(t, seen.all(), 1)
	require.Equal(t, 5, seen.all()[0].Event.Event)
	require.ErrorContains(t, seen.all()[0].Err, "twice")
}

// lame is an event whose Lost does not work.
type lame struct{ N int }

func (lame) Lost(error) { panic("cannot tell") }

// A pointer to an event with a reply may be nil.
type asks struct{ engine.Reply[int] }

// Telling an event's caller must not take the worker down.
func TestLostThatPanics(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, engine.StageConfig[lame]{Name: "a"})
	a.Handle(func(*engine.Context, lame) error { return errBroken })
	b := engine.Add(e, engine.StageConfig[*asks]{Name: "b"})
	b.Handle(func(*engine.Context, *asks) error { return errBroken })
	start(t, e)
	for range 2 {
		require.NoError(t, a.TrySubmit(lame{}))
		require.NoError(t, b.TrySubmit(nil))
	}
	s := drain(t, e)
	require.Equal(t, uint64(2), s.Stage("a").Failed)
	require.Equal(t, uint64(2), s.Stage("b").Failed)
}
