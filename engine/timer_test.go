package engine_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

const ms = time.Millisecond

// fired is an event that After sent, as it arrived.
type fired struct {
	due, at engine.Time
	n       int
}

// postponed is a stage that sends what it gets on with the delay that delays has for it, and a stage that notes what arrives.
type postponed struct {
	e        *engine.Engine
	from, to *engine.Stage[int]
	edge     *engine.Edge[int]
	seen     log[fired]
}

func newPostponed(t testing.TB, c engine.Config, delays []time.Duration) *postponed {
	p := &postponed{e: newEngine(t, c)}
	p.from = engine.Add(p.e, stageConfig{Name: "from", Serial: true})
	p.to = engine.Add(p.e, stageConfig{Name: "to", Serial: true})
	p.edge = engine.Connect(p.from, p.to)
	due := make([]atomic.Int64, len(delays))
	p.from.Handle(func(c *engine.Context, n int) error {
		due[n].Store(int64(c.Now() + engine.Time(delays[n])))
		p.edge.After(c, delays[n], n)
		return nil
	})
	p.to.Handle(func(c *engine.Context, n int) error {
		p.seen.add(fired{engine.Time(due[n].Load()), c.Now(), n})
		return nil
	})
	return p
}

// Nothing arrives early, everything arrives, and in the order of the due times; equal ones in the order of the calls.
func TestAfter(t *testing.T) {
	spinning := onePinned
	spinning.Idle = engine.Spin
	for _, c := range []engine.Config{oneShared, onePinned, spinning} {
		t.Run(c.Kind.String()+" "+c.Idle.String(), func(t *testing.T) {
			var delays []time.Duration
			for n := range 60 {
				delays = append(delays, time.Duration(n*37%7)*ms-ms) // among them 0 and less than nothing
			}
			p := newPostponed(t, c, delays)
			start(t, p.e)
			submit(t, p.from, 0, len(delays))
			drain(t, p.e)
			seen := p.seen.all()
			require.Len(t, seen, len(delays))
			for i, f := range seen {
				require.GreaterOrEqual(t, f.at, f.due)
				if i > 0 && seen[i-1].due == f.due {
					require.Less(t, seen[i-1].n, f.n)
				}
			}
		})
	}
}

// A worker that sleeps wakes up for its timers, and a busy one fires them between batches.
func TestAfterWakesTheSleeper(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		p := newPostponed(t, c, []time.Duration{30 * ms})
		start(t, p.e)
		require.NoError(t, p.from.TrySubmit(0))
		eventually(t, "the worker sleeps with the timer pending", func() bool {
			return p.e.Asleep(0) && p.e.Stats().Stage("from").Edges[0].Pending == 1
		})
		eventually(t, "the event arrives", func() bool { return len(p.seen.all()) == 1 })
		require.Zero(t, drain(t, p.e).Stage("from").Edges[0].Pending)
	})
}

func TestAfterFiresBetweenBatches(t *testing.T) {
	e := newEngine(t, onePinned)
	busy, end := engine.Add(e, stageConfig{Name: "busy"}), engine.Add(e, stageConfig{Name: "end"})
	again, timed := engine.Connect(busy, busy), engine.Connect(busy, end)
	again.Full = engine.Drop
	var stop atomic.Bool
	busy.Handle(func(c *engine.Context, v int) error {
		if v == 0 {
			timed.After(c, ms, 0)
		}
		if !stop.Load() {
			again.Emit(c, 1) // never a moment without work
		}
		return nil
	})
	end.Handle(func(*engine.Context, int) error { stop.Store(true); return nil })
	start(t, e)
	submit(t, busy, 0, 1)
	require.Equal(t, uint64(1), drain(t, e).Stage("end").Completed)
}

// What a failed event asked for does not happen, and what others asked for does.
func TestAfterOfAFailedEventIsWithdrawn(t *testing.T) {
	e := newEngine(t, oneShared)
	each, batch := engine.Add(e, stageConfig{Name: "each"}), engine.Add(e, stageConfig{Name: "batch"})
	end := engine.Add(e, stageConfig{Name: "end"})
	var seen log[int]
	end.Handle(func(_ *engine.Context, v int) error { seen.add(v); return nil })
	fromEach, fromBatch := engine.Connect(each, end), engine.Connect(batch, end)
	each.Handle(func(c *engine.Context, v int) error {
		fromEach.After(c, ms, v)
		fromEach.After(c, 0, v)
		switch v % 4 {
		case 1:
			return errBroken
		case 2:
			panic(errBroken)
		}
		return nil
	})
	batch.HandleBatch(func(c *engine.Context, vs []int) error {
		for _, v := range vs {
			fromBatch.After(c, 0, v)
		}
		if slices.Contains(vs, 100) {
			return errBroken
		}
		return nil
	})
	start(t, e)
	submit(t, each, 0, 8)
	submit(t, batch, 100, 101)
	eventually(t, "the batch has failed", func() bool { return e.Stats().Stage("batch").Failed == 1 })
	submit(t, batch, 101, 102)
	s := drain(t, e)
	got := seen.all()
	slices.Sort(got)
	require.Equal(t, []int{0, 0, 3, 3, 4, 4, 7, 7, 101}, got)
	require.Equal(t, uint64(8), s.Stage("each").Edges[0].Emitted)
	require.Equal(t, uint64(1), s.Stage("batch").Edges[0].Emitted)
}

// An event may ask for as much as fits, not for more; and what waits is in the books.
func TestAfterIsBounded(t *testing.T) {
	const most = 1 << 16
	e := newEngine(t, oneShared)
	a, b := addPair(e)
	edge := engine.Connect(a, b)
	failed := failures(e, a)
	a.Handle(func(c *engine.Context, n int) error {
		for range n {
			edge.After(c, math.MaxInt64, 0)
		}
		return nil
	})
	start(t, e)
	for _, n := range []int{most + 1, most - 1, 2, 1, 1} {
		require.NoError(t, a.TrySubmit(n))
	}
	eventually(t, "all are handled", func() bool { return e.Stats().Stage("a").Completed == 2 && len(failed.all()) == 3 })
	for i, n := range []int{most + 1, 2, 1} {
		require.Equal(t, n, failed.all()[i].Event)
		require.ErrorIs(t, failed.all()[i].Err, engine.ErrFull)
		require.ErrorContains(t, failed.all()[i].Err, "edge a -> b: 65536 events are pending: full")
	}
	s := e.Stats()
	require.Equal(t, engine.EdgeStats{From: "a", To: "b", Emitted: most, Entered: most, Pending: most}, s.Stage("a").Edges[0])
	require.Equal(t, most, s.Stage("b").Depth)
	require.Equal(t, uint64(most), s.Stage("b").Entered)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	var left *engine.RemainsError
	require.ErrorAs(t, e.Drain(ended), &left, "Drain waits for what is pending")
	require.Equal(t, []engine.Remains{{Stage: "b", Events: most}}, left.Stages)
	require.ErrorAs(t, e.Close(), &left)
	require.Equal(t, []engine.Remains{{Stage: "b", Events: most}}, left.Stages)
}

// While b is stuck, events for it whose time has come stay with the worker, which goes on with a; none is lost.
func TestAfterDoesNotHoldTheStageBack(t *testing.T) {
	for _, c := range []engine.Config{apart(twoShared), apart(twoPinned)} {
		h := newHop(t, c, engine.Block)
		h.a.Handle(nil)
		h.a.Handle(func(c *engine.Context, v int) error { h.edge.After(c, 0, v); return nil })
		h.edge.Timed = true
		start(t, h.e)
		submit(t, h.a, 0, 20)
		h.gate.wait(t)
		eventually(t, "a has handled everything, and its worker sleeps", func() bool {
			return h.e.Stats().Stage("a").Completed == 20 && h.e.Asleep(0)
		})
		s := h.e.Stats()
		require.Equal(t, 17, s.Stage("a").Edges[0].Pending, "one is in b's hand, two in its ring")
		require.Zero(t, s.Stage("a").Edges[0].Owed)
		require.Equal(t, 20, s.Stage("b").Depth)
		h.gate.open()
		drain(t, h.e)
		require.Equal(t, count(20), h.seen.all())
	}
}

// A cycle may be closed by a timed edge, and events go round however small the rings are.
func TestTimedEdgeClosesACycle(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, onePinned, twoPinned} {
		e := newEngine(t, c)
		work, check := engine.Add(e, stageConfig{Name: "work", Capacity: 2}), engine.Add(e, stageConfig{Name: "check", Capacity: 2})
		done, retry := engine.Connect(work, check), engine.Connect(check, work)
		retry.Timed = true
		work.Handle(func(c *engine.Context, tries int) error { done.Emit(c, tries); return nil })
		check.Handle(func(c *engine.Context, tries int) error {
			if tries > 0 {
				retry.After(c, time.Duration(tries%3)*10*time.Microsecond, tries-1)
			}
			return nil
		})
		start(t, e)
		ctx := limited(t)
		for range 50 {
			require.NoError(t, work.Submit(ctx, 20))
		}
		require.Equal(t, uint64(50*21), drain(t, e).Stage("check").Completed)
	}
}

func TestEmitOnATimedEdgeFailsTheEvent(t *testing.T) {
	for _, full := range []engine.Full{engine.Block, engine.Drop, engine.Fail} {
		e := newEngine(t, oneShared)
		a, b := addPair(e)
		edge := engine.Connect(a, b)
		edge.Full, edge.Timed = full, true
		failed := failures(e, a)
		a.Handle(func(c *engine.Context, v int) error {
			edge.After(c, 0, v)
			switch v {
			case 1:
				edge.Emit(c, v)
			case 2:
				edge.EmitBatch(c, []int{v})
			}
			return nil
		})
		start(t, e)
		submit(t, a, 0, 4)
		s := drain(t, e)
		require.Len(t, failed.all(), 2)
		for i, f := range failed.all() {
			require.Equal(t, i+1, f.Event)
			require.ErrorIs(t, f.Err, engine.ErrTimed)
			require.ErrorContains(t, f.Err, "edge a -> b: ")
		}
		require.Equal(t, uint64(2), s.Stage("b").Completed)
	}
}

func TestAfterMisuse(t *testing.T) {
	const outside = "engine: After on edge a -> b outside a handler"
	e := newEngine(t, oneShared)
	a, b := addPair(e)
	ab, ba := engine.Connect(a, b), engine.Connect(b, a)
	ba.Timed = true
	var late *engine.Edge[int]
	kept := make(chan *engine.Context, 3)
	a.Handle(func(c *engine.Context, v int) error {
		kept <- c
		switch v {
		case 1:
			ba.After(c, 0, v)
		case 2:
			late.After(c, 0, v)
		}
		return nil
	})
	failed := failures(e, a)
	require.PanicsWithValue(t, outside, func() { ab.After(nil, 0, 1) })
	start(t, e)
	late = engine.Connect(a, b)
	submit(t, a, 0, 3)
	s := drain(t, e)
	require.PanicsWithValue(t, outside, func() { ab.After(receive(t, kept), 0, 1) })
	require.ErrorIs(t, failed.all()[0].Err, engine.ErrWrongStage)
	require.ErrorIs(t, failed.all()[1].Err, engine.ErrNotStarted)
	require.Equal(t, uint64(1), s.Stage("a").Completed)
	require.Zero(t, s.Stage("b").Entered)
}

// An event that is pending when the engine closes is told that it is lost.
func TestCloseTellsWhatIsPending(t *testing.T) {
	e := newEngine(t, oneShared)
	a, b := engine.Add(e, engine.StageConfig[loss]{Name: "a"}), engine.Add(e, engine.StageConfig[loss]{Name: "b"})
	edge := engine.Connect(a, b)
	a.Handle(func(c *engine.Context, l loss) error { edge.After(c, time.Hour, l); return nil })
	b.Handle(ignore)
	start(t, e)
	var lost log[error]
	require.NoError(t, a.TrySubmit(loss{0, &lost}))
	eventually(t, "it is pending", func() bool { return e.Stats().Stage("a").Edges[0].Pending == 1 })
	require.Error(t, e.Close())
	require.Len(t, lost.all(), 1)
	require.ErrorIs(t, lost.all()[0], engine.ErrClosed)
}

// A worker that serves nothing any more still fires what it has.
func TestPlansDoNotMoveTimers(t *testing.T) {
	e := newEngine(t, twoShared)
	a, b := addPair(e)
	edge := engine.Connect(a, b)
	a.Handle(func(c *engine.Context, v int) error { edge.After(c, 5*ms, v); return nil })
	start(t, e)
	submit(t, a, 0, 100)
	eventually(t, "a has handled them", func() bool { return e.Stats().Stage("a").Completed == 100 })
	eventually(t, "the plan is taken", func() bool {
		err := e.Apply(map[string][]int{"a": {0}, "b": {0}})
		return err == nil || !errors.Is(err, engine.ErrInTransition)
	})
	require.Equal(t, uint64(100), drain(t, e).Stage("b").Completed)
}
