package engine_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// Handlers of a blocking stage wait side by side, as many as may and no more, while the only worker goes on with other stages.
func TestBlockingStage(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		e := newEngine(t, c)
		g := newGate(t)
		wait := engine.Add(e, engine.StageConfig[int]{Name: "wait", Blocking: 3})
		quick := engine.Add(e, engine.StageConfig[int]{Name: "quick"})
		toQuick := engine.Connect(wait, quick)
		wait.Handle(func(c *engine.Context, v int) error { g.pass(); toQuick.Emit(c, v); return nil })
		seen := make(chan int, 100)
		quick.Handle(func(_ *engine.Context, v int) error { seen <- v; return nil })
		start(t, e)
		for v := range 10 {
			require.NoError(t, wait.Submit(limited(t), v))
		}
		for range 3 {
			g.wait(t)
		}
		require.NoError(t, quick.Submit(limited(t), 100))
		require.Equal(t, 100, receive(t, seen))
		s := e.Stats().Stage("wait")
		require.Equal(t, 3, s.Threads)
		require.Equal(t, 10, s.Depth)
		select {
		case <-g.in:
			require.Fail(t, "a fourth handler runs")
		default:
		}
		g.open()
		st := drain(t, e)
		require.EqualValues(t, 10, st.Stage("wait").Completed)
		require.EqualValues(t, 11, st.Stage("quick").Completed)
		require.Zero(t, st.Stage("wait").Threads)
	})
}

// What fails in a blocking handler fails as it does elsewhere, and what it emitted is withdrawn.
func TestBlockingFailure(t *testing.T) {
	for _, batch := range []int{1, 4} {
		eachFlaw(t, func(t *testing.T, c engine.Config, f flaw) {
			e := newEngine(t, c)
			a := engine.Add(e, stageConfig{Name: "a", Blocking: 2, MaxBatch: batch})
			b := engine.Add(e, stageConfig{Name: "b", Serial: true})
			edge := engine.Connect(a, b)
			a.Handle(func(c *engine.Context, v int) error {
				edge.Emit(c, v)
				if v%10 == 3 {
					return f.do()
				}
				return nil
			})
			var arrived log[int]
			b.Handle(func(_ *engine.Context, v int) error { arrived.add(v); return nil })
			failed := failures(e, a)
			start(t, e)
			for v := range 200 {
				require.NoError(t, a.Submit(limited(t), v))
			}
			s := drain(t, e)
			require.Len(t, failed.all(), 20)
			for _, x := range failed.all() {
				require.Equal(t, 3, x.Event%10)
				f.want(t, x.Err)
			}
			require.Len(t, arrived.all(), 180)
			require.EqualValues(t, 20*isFault(f), s.Stage("a").Panics)
		})
	}
}

// A serial stage that blocks runs one batch at a time and keeps the order, a keyed one that of each key, also of what they emit.
func TestBlockingOrder(t *testing.T) {
	const events, keys = 3000, 20
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		serial := engine.Add(e, engine.StageConfig[keyedEvent]{Name: "serial", Serial: true, Blocking: 4, MaxBatch: 3})
		keyed := engine.Add(e, engine.StageConfig[keyedEvent]{Name: "keyed", Key: keyOf, Blocking: 4, Capacity: 8, MaxBatch: 2})
		last := engine.Add(e, engine.StageConfig[keyedEvent]{Name: "last", Serial: true, Capacity: 4})
		toKeyed, toLast := engine.Connect(serial, keyed), engine.Connect(keyed, last)
		var ledgers [3]*keyedLedger
		for i := range ledgers {
			ledgers[i] = newKeyedLedger(t, 1, keys)
		}
		var running atomic.Int32
		serial.Handle(func(c *engine.Context, v keyedEvent) error {
			if running.Add(1) > 1 {
				return errOrder
			}
			runtime.Gosched()
			running.Add(-1)
			toKeyed.Emit(c, v)
			return ledgers[0].handle(v)
		})
		keyed.Handle(func(c *engine.Context, v keyedEvent) error {
			toLast.Emit(c, v)
			runtime.Gosched()
			return ledgers[1].handle(v)
		})
		last.Handle(func(_ *engine.Context, v keyedEvent) error { return ledgers[2].handle(v) })
		start(t, e)
		sent := make([]int, keys)
		for i := range events {
			k := i * i % keys
			require.NoError(t, serial.Submit(limited(t), keyedEvent{0, k, sent[k]}))
			sent[k]++
		}
		s := drain(t, e)
		for _, name := range []string{"serial", "keyed", "last"} {
			require.EqualValues(t, events, s.Stage(name).Completed, name)
		}
	}
}

// The credit for a batch comes back only when all it emitted is pushed: what a full ring holds back is bounded.
func TestBlockingDebt(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared} {
		e := newEngine(t, c)
		g := newGate(t)
		many := engine.Add(e, engine.StageConfig[int]{Name: "many", Blocking: 2, Capacity: 64})
		slow := engine.Add(e, engine.StageConfig[int]{Name: "slow", Capacity: 2, MaxBatch: 1, Serial: true})
		edge := engine.Connect(many, slow)
		var both sync.WaitGroup // the first two batches are in flight before either emits
		both.Add(2)
		many.Handle(func(c *engine.Context, v int) error {
			if v < 2 {
				both.Done()
				both.Wait()
			}
			for i := range 10 {
				edge.Emit(c, 10*v+i)
			}
			return nil
		})
		var seen log[int]
		slow.Handle(func(_ *engine.Context, v int) error {
			if v < 0 {
				g.pass()
			}
			seen.add(v)
			return nil
		})
		start(t, e)
		if c.Workers == 2 {
			require.NoError(t, slow.Submit(limited(t), -1))
			g.wait(t)
		}
		for v := range 20 {
			require.NoError(t, many.Submit(limited(t), v))
		}
		if c.Workers == 2 {
			eventually(t, "both slots owe", func() bool {
				s := e.Stats().Stage("many")
				return s.Edges[0].Owed == 18 && s.Batches == 2
			})
		}
		g.open()
		s := drain(t, e)
		require.EqualValues(t, 20, s.Stage("many").Completed)
		require.EqualValues(t, 200, s.Stage("many").Edges[0].Entered)
	}
}

// Calls are answered out of blocking stages, and Close waits for the handlers that run.
func TestBlockingCallAndClose(t *testing.T) {
	e := newEngine(t, oneShared)
	g := newGate(t)
	s := engine.Add(e, engine.StageConfig[timedAsk]{Name: "s", Blocking: 2})
	s.Handle(func(c *engine.Context, q timedAsk) error {
		if q.N > 0 {
			g.pass()
		}
		q.Send(c, q.N)
		return nil
	})
	start(t, e)
	n, err := askFor(t, s, 0)
	require.NoError(t, err)
	require.Zero(t, n)
	var answers []<-chan error
	for n := range 5 {
		answers = append(answers, async(func() error { _, err := askFor(t, s, n+1); return err }))
	}
	g.wait(t)
	g.wait(t)
	eventually(t, "all are there", func() bool { return e.Stats().Stage("s").Depth == 5 })
	eventually(t, "the worker sleeps", func() bool { return e.Asleep(0) }) // and will look at the plan before it takes another event
	closed := async(e.Close)
	eventually(t, "it is closing", e.Stopping)
	g.open()
	var left *engine.RemainsError
	require.ErrorAs(t, receive(t, closed), &left)
	require.Equal(t, 3, left.Total())
	lost := 0
	for _, a := range answers {
		if err := receive(t, a); err != nil {
			require.ErrorIs(t, err, engine.ErrClosed)
			lost++
		}
	}
	require.Equal(t, 3, lost)
}

// Events that expire while they wait for a slot do not get one.
func TestBlockingExpired(t *testing.T) {
	e, clock := withClock(t, oneShared)
	g := newGate(t)
	s := engine.Add(e, engine.StageConfig[int]{Name: "s", Blocking: 1, MaxAge: time.Second})
	s.Handle(func(*engine.Context, int) error { g.pass(); return nil })
	start(t, e)
	require.NoError(t, s.Submit(limited(t), 0))
	g.wait(t)
	for range 5 {
		require.NoError(t, s.Submit(limited(t), 1))
	}
	eventually(t, "the worker sleeps", func() bool { return e.Asleep(0) }) // and will read the clock before it takes another event
	clock.advance(2 * time.Second)
	g.open()
	st := drain(t, e).Stage("s")
	require.EqualValues(t, 1, st.Completed)
	require.EqualValues(t, 5, st.Expired)
	require.Equal(t, 2*time.Second, st.Busy, "what expired cost no handler")
}

func TestBlockingConfig(t *testing.T) {
	for _, n := range []int{-1, 4097} {
		e := newEngine(t, oneShared)
		engine.Add(e, engine.StageConfig[int]{Name: "s", Blocking: n}).Handle(ignore[int])
		require.ErrorContains(t, e.Start(t.Context()), "want 0 to 4096")
	}
}

// A carrier that was idle for long ends, and work that comes then finds another.
func TestCarriersComeAndGo(t *testing.T) {
	defer engine.SetIdleCarrier(time.Millisecond)()
	e := newEngine(t, oneShared)
	s := engine.Add(e, engine.StageConfig[int]{Name: "s", Blocking: 4})
	s.Handle(ignore[int])
	start(t, e)
	for round := range 20 {
		for v := range round {
			require.NoError(t, s.Submit(limited(t), v))
		}
		eventually(t, "all are gone", func() bool { st := e.Stats().Stage("s"); return st.Threads == 0 && st.Depth == 0 })
	}
	require.EqualValues(t, 190, drain(t, e).Stage("s").Completed)
}

// A batch counts as long where it keeps a worker for long. In a blocking stage it does not.
func TestLongBatches(t *testing.T) {
	e, clock := withClock(t, oneShared)
	plain := engine.Add(e, stageConfig{Name: "plain"})
	blocking := engine.Add(e, stageConfig{Name: "blocking", Blocking: 1})
	for _, s := range []*engine.Stage[int]{plain, blocking} {
		s.Handle(func(*engine.Context, int) error { clock.advance(20 * time.Millisecond); return nil })
	}
	start(t, e)
	for _, s := range []*engine.Stage[int]{plain, blocking} { // one after the other, for they share the clock
		require.NoError(t, s.Submit(limited(t), 1))
		eventually(t, "both rest", func() bool {
			st := e.Stats()
			return st.Stage("plain").Depth+st.Stage("blocking").Depth == 0
		})
	}
	s := drain(t, e)
	require.EqualValues(t, 1, s.Stage("plain").Long)
	require.Zero(t, s.Stage("blocking").Long)
	require.GreaterOrEqual(t, s.Stage("blocking").Busy, 20*time.Millisecond)
}
