package engine_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// A blocking stage has as many batches in its handler as the plan says, and as it comes to say while all workers sleep.
func TestThreadCap(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		var most atomic.Int64
		most.Store(1)
		e := newEngine(t, under(c, func(_ *sched.Snapshot, d *sched.Draft) { d.SetThreads(0, int(most.Load()), "the test says so") }))
		g := newGate(t)
		s := engine.Add(e, stageConfig{Name: "s", Blocking: 4})
		s.Handle(func(*engine.Context, int) error { g.pass(); return nil })
		start(t, e)
		eventually(t, "the cap holds", func() bool { return e.Stats().Stage("s").ThreadCap == 1 })
		for v := range 10 {
			require.NoError(t, s.Submit(limited(t), v))
		}
		inside := func() int { return e.InHandlers(s) }
		g.wait(t)
		eventually(t, "the worker sleeps", func() bool { return e.Asleep(0) })
		require.Equal(t, 1, inside())
		most.Store(3)
		eventually(t, "the loop notices", func() bool { return e.Stats().Stage("s").ThreadCap == 3 })
		g.wait(t)
		g.wait(t)
		require.Equal(t, 3, inside())
		most.Store(1)
		eventually(t, "the loop notices", func() bool { return e.Stats().Stage("s").ThreadCap == 1 })
		for range 3 {
			g.out <- struct{}{}
		}
		eventually(t, "they have ended", func() bool { return e.Stats().Stage("s").Completed == 3 })
		g.wait(t)
		eventually(t, "the worker sleeps", func() bool { return e.Asleep(0) })
		require.Equal(t, 1, inside(), "one at a time comes after them")
		g.open()
		drain(t, e)
	})
}

// The control loop sleeps beside handlers that wait, but not beside events that wait for one of the slots it keeps back.
func TestControlSeesWhatWaitsForASlot(t *testing.T) {
	e := newEngine(t, under(oneShared, func(s *sched.Snapshot, d *sched.Draft) {
		d.SetThreads(0, max(s.Stages[0].Depth, 1), "one for each event")
	}))
	g := newGate(t)
	s := engine.Add(e, stageConfig{Name: "s", Blocking: 4})
	s.Handle(func(*engine.Context, int) error { g.pass(); return nil })
	start(t, e)
	eventually(t, "the cap holds", func() bool { return e.Stats().Stage("s").ThreadCap == 1 })
	for v := range 3 {
		require.NoError(t, s.TrySubmit(v))
		g.wait(t)
		eventually(t, "the loop sleeps", e.ControlAsleep)
	}
	g.open()
	drain(t, e)
}

// What has waited for longer than the limit allows expires, by the limit that holds when a worker comes to it: also what came before there was one,
// and not what came while there was one that holds no more. Other inlets have limits of their own.
func TestAgeLimit(t *testing.T) {
	for lifted, want := range map[bool][]int{false: {0, 4}, true: {0, 1, 2, 3, 4}} {
		var age atomic.Int64
		e := newEngine(t, under(oneShared, func(_ *sched.Snapshot, d *sched.Draft) {
			d.SetLimit(0, sched.Limit{Age: age.Load()}, "the test says so")
		}))
		g := newGate(t)
		var handled log[int]
		s := engine.Add(e, stageConfig{Name: "s", Target: time.Hour})
		other := s.Inlet(engine.InletConfig{Name: "other"})
		s.Handle(func(_ *engine.Context, v int) error {
			if handled.add(v); v == 0 {
				g.pass()
			}
			return nil
		})
		start(t, e)
		limit := func(ns int64, changes int) {
			age.Store(ns)
			eventually(t, "the limit holds", func() bool { return steps(e, "admit") == changes })
		}
		require.NoError(t, s.TrySubmit(0))
		g.wait(t)
		require.NoError(t, s.TrySubmit(1))
		limit(1, 1)
		n, err := s.Inlet0().TrySubmitBatch([]int{2, 3})
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.NoError(t, other.TrySubmit(4))
		if lifted {
			limit(0, 2)
		}
		g.open()
		st := drain(t, e).Stage("s")
		require.ElementsMatch(t, want, handled.all())
		require.EqualValues(t, 5-len(want), st.Expired)
	}
}

// An engine starts with no more workers for a stage than it may have.
func TestMaxCoresAtStart(t *testing.T) {
	e := newEngine(t, twoShared)
	engine.Add(e, stageConfig{Name: "s", MaxCores: 1}).Handle(ignore)
	engine.Add(e, stageConfig{Name: "both"}).Handle(ignore)
	start(t, e)
	require.Equal(t, 1, e.Stats().Stage("s").Cores)
	require.Equal(t, 2, e.Stats().Stage("both").Cores)
	drain(t, e)
}

// What the sampler reads is what the statistics say, once all is quiet.
func TestSnapshot(t *testing.T) {
	var last atomic.Pointer[sched.Snapshot]
	e := newEngine(t, under(twoShared, func(s *sched.Snapshot, _ *sched.Draft) {
		copied := *s
		copied.Stages, copied.Sources = append([]sched.StageSample(nil), s.Stages...), append([]sched.SourceSample(nil), s.Sources...)
		last.Store(&copied)
	}))
	first := engine.Add(e, stageConfig{Name: "first"})
	second := engine.Add(e, stageConfig{Name: "second", Serial: true})
	edge := engine.Connect(first, second)
	first.Handle(func(c *engine.Context, v int) error {
		if v%10 == 0 {
			return errBroken
		}
		edge.Emit(c, v)
		return nil
	})
	second.Handle(ignore)
	start(t, e)
	for v := range 1000 {
		require.NoError(t, first.Submit(limited(t), v))
	}
	eventually(t, "the last look was at all of it", func() bool {
		s := last.Load()
		return s != nil && s.Stages[0].Done == 900 && s.Stages[1].Done == 1000 && s.Stages[1].Batches.B == 1000 && e.ControlAsleep()
	})
	s, st := last.Load(), drain(t, e)
	for i, name := range []string{"second", "first"} {
		o, want := s.Stages[i], st.Stage(name)
		require.Equal(t, want.Entered, o.Entered)
		require.Equal(t, want.Batches, o.Batches.N)
		require.EqualValues(t, want.Busy, o.Batches.T)
		require.Zero(t, o.Depth)
		require.GreaterOrEqual(t, o.Batches.BB*o.Batches.N, o.Batches.B*o.Batches.B)
		require.LessOrEqual(t, o.Batches.BB, o.Batches.B*64)
	}
	require.Equal(t, sched.SourceSample{Offered: 1000, Accepted: 1000}, s.Sources[1])
}
