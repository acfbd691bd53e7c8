package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// hop is a stage a that passes what it gets on to b, which is held by a gate and takes one event at a time out of a ring of two.
type hop struct {
	e    *engine.Engine
	a, b *engine.Stage[int]
	edge *engine.Edge[int]
	gate *gate
	seen log[int]
}

func newHop(t *testing.T, c engine.Config, full engine.Full) *hop {
	h := &hop{e: newEngine(t, c), gate: newGate(t)}
	h.a = engine.Add(h.e, stageConfig{Name: "a", MaxBatch: 8})
	h.b = engine.Add(h.e, stageConfig{Name: "b", Capacity: 2, MaxBatch: 1, Serial: true})
	h.edge = engine.Connect(h.a, h.b)
	h.edge.Full = full
	h.a.Handle(func(c *engine.Context, v int) error { h.edge.Emit(c, v); return nil })
	h.b.Handle(func(_ *engine.Context, v int) error {
		h.gate.pass()
		h.seen.add(v)
		return nil
	})
	return h
}

// apart gives each stage a worker of its own.
func apart(c engine.Config) engine.Config {
	c.Assign = map[string][]int{"a": {0}, "b": {1}}
	return c
}

func submit(t *testing.T, s *engine.Stage[int], from, to int) {
	t.Helper()
	for v := from; v < to; v++ {
		require.NoError(t, s.TrySubmit(v))
	}
}

// With b stuck a runs until b's ring is full; the rest waits in front of a, whose worker sleeps meanwhile.
func TestBlockHoldsTheStageBack(t *testing.T) {
	for _, c := range []engine.Config{apart(twoShared), apart(twoPinned)} {
		t.Run(c.Kind.String(), func(t *testing.T) {
			h := newHop(t, c, engine.Block)
			start(t, h.e)
			submit(t, h.a, 0, 1)
			h.gate.wait(t) // 0 is in b's hand
			submit(t, h.a, 1, 20)
			eventually(t, "a has filled b's ring and sleeps", func() bool {
				return h.e.Stats().Stage("a").Completed == 3 && h.e.Asleep(0)
			})
			s := h.e.Stats()
			require.Equal(t, 17, s.Stage("a").Depth)
			require.Equal(t, 3, s.Stage("b").Depth)
			require.Positive(t, s.Stage("b").HeadAge)
			h.gate.next(t) // 1 is in b's hand, half of the ring is free
			eventually(t, "a goes on", func() bool { return h.e.Stats().Stage("a").Completed == 4 && h.e.Asleep(0) })
			h.gate.open()
			drain(t, h.e)
			require.Equal(t, count(20), h.seen.all())
		})
	}
}

// One worker serves both stages: a full ring holds a back and never the worker, or b could not empty it.
func TestBlockWithOneWorker(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		h := newHop(t, c, engine.Block)
		h.gate.open()
		start(t, h.e)
		submit(t, h.a, 0, 500)
		s := drain(t, h.e)
		require.Equal(t, count(500), h.seen.all())
		require.Zero(t, s.Stage("a").Edges[0].Dropped)
	})
}

func TestDropWhenFull(t *testing.T) {
	h := newHop(t, apart(twoShared), engine.Drop)
	start(t, h.e)
	submit(t, h.a, 0, 1)
	h.gate.wait(t)
	submit(t, h.a, 1, 20)
	eventually(t, "a does not wait for b", func() bool { return h.e.Stats().Stage("a").Completed == 20 })
	h.gate.open()
	s := drain(t, h.e)
	require.Equal(t, count(3), h.seen.all(), "the new event is dropped, not an old one")
	ed := s.Stage("a").Edges[0]
	require.Equal(t, engine.EdgeStats{From: "a", To: "b", Full: engine.Drop, Emitted: 20, Entered: 3, Dropped: 17}, ed)
}

func TestFailWhenFull(t *testing.T) {
	h := newHop(t, apart(twoShared), engine.Fail)
	failed := failures(h.e, h.a)
	start(t, h.e)
	submit(t, h.a, 0, 1)
	h.gate.wait(t)
	eventually(t, "a sleeps", func() bool { return h.e.Asleep(0) }) // and looks at b's ring only when it has work
	submit(t, h.a, 1, 20)
	eventually(t, "a does not wait for b", func() bool { return h.e.Stats().Stage("a").Depth == 0 })
	h.gate.open()
	s := drain(t, h.e)
	require.Equal(t, count(3), h.seen.all())
	require.Equal(t, uint64(17), s.Stage("a").Failed)
	require.Len(t, failed.all(), 17)
	for i, f := range failed.all() {
		require.Equal(t, i+3, f.Event)
		require.ErrorIs(t, f.Err, engine.ErrFull)
		require.ErrorContains(t, f.Err, "edge a -> b")
	}
	require.Equal(t, uint64(3), s.Stage("a").Edges[0].Emitted, "failed events emit nothing")
}

// batchOf8 makes a take events 1 to 8 as one batch, on the only worker, with b's ring empty.
func batchOf8(t *testing.T, h *hop, before func(c *engine.Context)) {
	hold := newGate(t)
	h.gate.open()
	h.a.HandleBatch(nil)
	h.a.Handle(func(c *engine.Context, v int) error {
		if v == 0 {
			hold.pass()
			return nil
		}
		if before != nil {
			before(c)
		}
		h.edge.Emit(c, v)
		return nil
	})
	start(t, h.e)
	submit(t, h.a, 0, 1)
	hold.wait(t)
	submit(t, h.a, 1, 9)
	hold.open()
}

func TestDropAndFailWithOneWorker(t *testing.T) {
	for _, full := range []engine.Full{engine.Drop, engine.Fail} {
		t.Run(full.String(), func(t *testing.T) {
			h := newHop(t, oneShared, full)
			failed := failures(h.e, h.a)
			batchOf8(t, h, nil)
			s := drain(t, h.e)
			require.Equal(t, []int{1, 2}, h.seen.all(), "the worker cannot run b within a batch of a")
			ed := s.Stage("a").Edges[0]
			if full == engine.Drop {
				require.Equal(t, [3]uint64{8, 2, 6}, [3]uint64{ed.Emitted, ed.Entered, ed.Dropped})
				require.Zero(t, s.Stage("a").Failed)
			} else {
				require.Equal(t, [3]uint64{2, 2, 0}, [3]uint64{ed.Emitted, ed.Entered, ed.Dropped})
				require.Len(t, failed.all(), 6)
			}
		})
	}
}

// A batch that emits more than fits on a Fail edge fails as a whole.
func TestFailWhenFullInABatchHandler(t *testing.T) {
	h := newHop(t, oneShared, engine.Fail)
	hold := newGate(t)
	h.gate.open()
	h.a.Handle(nil)
	h.a.HandleBatch(func(c *engine.Context, vs []int) error {
		if vs[0] == 0 {
			hold.pass()
		}
		for _, v := range vs {
			h.edge.Emit(c, v)
		}
		return nil
	})
	failed := failures(h.e, h.a)
	start(t, h.e)
	submit(t, h.a, 0, 1)
	hold.wait(t)
	submit(t, h.a, 1, 4)
	hold.open()
	drain(t, h.e)
	require.Equal(t, []int{0}, h.seen.all())
	require.Len(t, failed.all(), 3)
	require.ErrorIs(t, failed.all()[2].Err, engine.ErrFull)
}

// MaxOut makes batches so small that their outputs fit.
func TestMaxOutBoundsTheBatch(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, stageConfig{Name: "a"})
	b := add(e, stageConfig{Name: "b", Capacity: 16})
	edge := engine.Connect(a, b)
	edge.MaxOut = 3
	hold := newGate(t)
	var sizes log[int]
	a.HandleBatch(func(c *engine.Context, vs []int) error {
		if vs[0] == 0 {
			hold.pass()
		}
		sizes.add(len(vs))
		for _, v := range vs {
			for range 3 {
				edge.Emit(c, v)
			}
		}
		return nil
	})
	start(t, e)
	submit(t, a, 0, 1)
	hold.wait(t)
	submit(t, a, 1, 21)
	hold.open()
	s := drain(t, e)
	for _, n := range sizes.all() {
		require.LessOrEqual(t, n, 5, "outputs of five events fit into 16 slots")
	}
	require.Equal(t, uint64(63), s.Stage("b").Completed)
}

// What does not fit although MaxOut said so is kept, counts as depth, and is delivered before anything else is taken in.
func TestMoreThanMaxOutBecomesADebt(t *testing.T) {
	for _, c := range []engine.Config{oneShared, apart(twoShared), apart(twoPinned)} {
		h := newHop(t, c, engine.Block)
		h.a.Handle(func(c *engine.Context, v int) error {
			for i := range 5 {
				h.edge.Emit(c, 5*v+i)
			}
			return nil
		})
		start(t, h.e)
		submit(t, h.a, 0, 1)
		h.gate.wait(t)
		submit(t, h.a, 1, 4)
		eventually(t, "what is emitted is in b's hand, its ring, and owed", func() bool {
			s := h.e.Stats()
			return s.Stage("b").Depth == 5 && s.Stage("a").Edges[0].Owed >= 2 && s.Stage("a").Depth == 3
		})
		h.gate.open()
		s := drain(t, h.e)
		require.Equal(t, count(20), h.seen.all())
		require.Zero(t, s.Stage("a").Edges[0].Owed)
	}
}

func TestRunaway(t *testing.T) {
	e := newEngine(t, oneShared)
	a, b := engine.Add(e, stageConfig{Name: "a"}), add(e, stageConfig{Name: "b"})
	once, twice := engine.Connect(a, b), engine.Connect(a, b)
	twice.MaxOut = 2
	failed := failures(e, a)
	a.Handle(func(c *engine.Context, v int) error {
		edge := once
		if v < 0 {
			edge, v = twice, -v
		}
		for range v {
			edge.Emit(c, 0)
		}
		return nil
	})
	start(t, e)
	for _, v := range []int{1024, 1025, -2048, -2049, 1} {
		require.NoError(t, a.TrySubmit(v))
	}
	s := drain(t, e)
	require.Len(t, failed.all(), 2)
	for i, v := range []int{1025, -2049} {
		require.Equal(t, v, failed.all()[i].Event)
		require.ErrorIs(t, failed.all()[i].Err, engine.ErrRunaway)
		require.ErrorContains(t, failed.all()[i].Err, "edge a -> b: ")
	}
	require.Equal(t, uint64(1024+2048+1), s.Stage("b").Completed, "what a runaway event emitted is withdrawn")
}

// In a batch handler the limit is that of all its events together.
func TestRunawayOfABatch(t *testing.T) {
	e := newEngine(t, oneShared)
	a, b := engine.Add(e, stageConfig{Name: "a", MaxBatch: 2}), add(e, stageConfig{Name: "b"})
	edge := engine.Connect(a, b)
	hold := newGate(t)
	a.HandleBatch(func(c *engine.Context, vs []int) error {
		if vs[0] == 0 {
			hold.pass()
		}
		for _, v := range vs {
			for range v {
				edge.Emit(c, v)
			}
		}
		return nil
	})
	start(t, e)
	submit(t, a, 0, 1)
	hold.wait(t)
	for _, v := range []int{2048, 0, 2048, 1} {
		require.NoError(t, a.TrySubmit(v))
	}
	hold.open()
	s := drain(t, e)
	require.Equal(t, uint64(2), s.Stage("a").Failed)
	require.Equal(t, uint64(2048), s.Stage("b").Completed)
}

// EmitBatch is Emit for each of its events, with the same limits.
func TestEmitBatch(t *testing.T) {
	const outside = "engine: Emit on edge a -> b outside a handler"
	e := newEngine(t, oneShared)
	a, b := engine.Add(e, stageConfig{Name: "a"}), engine.Add(e, stageConfig{Name: "b", Serial: true})
	c := add(e, stageConfig{Name: "c", Capacity: 4})
	ab, bc, ac := engine.Connect(a, b), engine.Connect(b, c), engine.Connect(a, c)
	ac.Full = engine.Fail
	failed := failures(e, a)
	var seen log[int]
	b.Handle(func(_ *engine.Context, v int) error { seen.add(v); return nil })
	a.Handle(func(c *engine.Context, v int) error {
		vs := []int{v, v + 1, v + 2}
		ab.EmitBatch(c, vs)
		vs[0] = -1 // they are the caller's again
		ab.EmitBatch(c, nil)
		ab.Emit(c, v+3)
		switch v {
		case 10:
			bc.EmitBatch(c, vs)
		case 20:
			ab.EmitBatch(c, make([]int, 1021))
		case 30:
			ac.EmitBatch(c, make([]int, 5))
		case 40:
			return errBroken
		}
		return nil
	})
	require.PanicsWithValue(t, outside, func() { ab.EmitBatch(nil, []int{1}) })
	start(t, e)
	for v := 0; v <= 50; v += 10 {
		require.NoError(t, a.TrySubmit(v))
	}
	drain(t, e)
	require.Equal(t, []int{0, 1, 2, 3, 50, 51, 52, 53}, seen.all())
	require.Len(t, failed.all(), 4)
	for i, want := range []error{engine.ErrWrongStage, engine.ErrRunaway, engine.ErrFull, errBroken} {
		require.ErrorIs(t, failed.all()[i].Err, want)
	}
}

// A batch handler may emit its own batch.
func TestEmitBatchOfTheBatch(t *testing.T) {
	e := newEngine(t, oneShared)
	a, b := engine.Add(e, stageConfig{Name: "a"}), engine.Add(e, stageConfig{Name: "b", Capacity: 8, Serial: true})
	edge := engine.Connect(a, b)
	a.HandleBatch(func(c *engine.Context, vs []int) error { edge.EmitBatch(c, vs); return nil })
	var seen log[int]
	b.HandleBatch(func(_ *engine.Context, vs []int) error { seen.add(vs...); return nil })
	start(t, e)
	submit(t, a, 0, 500)
	drain(t, e)
	require.Equal(t, count(500), seen.all())
}

// Two Fail edges see the same free slots. What then does not fit is not lost: it is owed, except where a debt could wait for itself.
func TestFailEdgesThatShareARing(t *testing.T) {
	for _, cyclic := range []bool{false, true} {
		e := newEngine(t, oneShared)
		a := engine.Add(e, stageConfig{Name: "a", Capacity: 2, MaxBatch: 1})
		b := engine.Add(e, stageConfig{Name: "b", Capacity: 2, MaxBatch: 1})
		first, second := engine.Connect(a, b), engine.Connect(a, b)
		first.Full, second.Full = engine.Fail, engine.Fail
		a.Handle(func(c *engine.Context, ttl int) error {
			if ttl > 0 {
				first.Emit(c, ttl-1)
				second.Emit(c, ttl-1)
			}
			return nil
		})
		b.Handle(ignore)
		if cyclic {
			back := engine.Connect(b, a)
			b.Handle(func(c *engine.Context, ttl int) error { back.Emit(c, ttl); return nil })
		}
		start(t, e)
		for range 200 {
			require.NoError(t, a.Submit(limited(t), 8))
		}
		ed := drain(t, e).Stage("a").Edges[1]
		require.Equal(t, cyclic, ed.Dropped > 0)
	}
}
