package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

const usualWake = 100 * time.Microsecond

// brisk is an engine of two workers with a clock of its own. Worker 0, whose turns have been short beside a wake-up, runs stage run; worker 1
// sleeps. Both serve stage other, too.
type brisk struct {
	*Engine
	run, other *Stage[int]
	clock      Time
	inHandler  func() // of run
}

func newBrisk(t *testing.T) *brisk {
	b := &brisk{inHandler: func() {}}
	b.Engine = byHand(t, 2, map[string][]int{"run": {0}}, func(e *Engine) {
		e.virtual = func() Time { return b.clock }
		b.run = Add(e, StageConfig[int]{Name: "run", MaxBatch: 1})
		b.other = Add(e, StageConfig[int]{Name: "other"})
		b.run.Handle(func(*Context, int) error { b.inHandler(); return nil })
		b.other.Handle(func(*Context, int) error { return nil })
	})
	for _, w := range b.workers {
		w.idler.wake = usualWake
	}
	b.workers[0].beBrisk(b.workers[0].idler.turned(0))
	require.True(t, b.workers[0].brisk)
	fallAsleep(t, b.Engine, 1)
	return b
}

// while makes worker 0 run a batch, and f happen meanwhile.
func (b *brisk) while(t *testing.T, f func()) {
	t.Helper()
	b.inHandler = f
	require.NoError(t, b.run.TrySubmit(0))
	turn(t, b.Engine, 0)
}

// What is published during a short batch is left to the worker that runs it; once that batch is old, a sleeper is woken.
func TestSleeperIsLeftAlone(t *testing.T) {
	b := newBrisk(t)
	b.while(t, func() {
		require.NoError(t, b.other.TrySubmit(1))
		require.Equal(t, none, woken(b.Engine), "worker 0 will look sooner")
		b.clock += Time(2 * usualWake)
		require.NoError(t, b.other.TrySubmit(2))
		require.Equal(t, sched.SetOf(1), woken(b.Engine), "this batch takes long")
	})
	require.True(t, b.workers[0].brisk, "one long turn is an exception")
	turn(t, b.Engine, 0)
	require.EqualValues(t, 2, b.Stats().Stage("other").Completed)
}

// Without a further event, the watch notices.
func TestWatchRescues(t *testing.T) {
	b := newBrisk(t)
	b.while(t, func() {
		require.NoError(t, b.other.TrySubmit(1))
		b.watch.rescue(b.clock)
		require.Equal(t, none, woken(b.Engine), "worker 0 will look sooner")
		b.clock += Time(2 * usualWake)
		b.watch.rescue(b.clock)
		require.Equal(t, sched.SetOf(1), woken(b.Engine))
	})
}

// And it does so by itself.
func TestWatchRescuesUnasked(t *testing.T) {
	e := New(Config{Workers: 2, Kind: Shared, Log: quietLog()})
	stuck, other := Add(e, StageConfig[int]{Name: "stuck"}), Add(e, StageConfig[int]{Name: "other"})
	in, out, served := make(chan *worker), make(chan struct{}), make(chan struct{})
	stuck.Handle(func(c *Context, _ int) error { in <- c.w; <-out; return nil })
	other.Handle(func(*Context, int) error { close(served); return nil })
	require.NoError(t, e.Start(t.Context()))
	defer e.Close()
	defer close(out)
	require.NoError(t, stuck.TrySubmit(0))
	w := <-in
	sleeper := 1 - w.id
	for !e.parked.has(sleeper) || e.workers[sleeper].state.Load() != asleep {
		pause()
	}
	w.patience.Store(uint64(time.Hour))
	require.NoError(t, other.TrySubmit(0))
	require.True(t, e.parked.has(sleeper), "the event is left to the worker that runs")
	w.patience.Store(1)
	select {
	case <-served:
	case <-time.After(patience):
		require.Fail(t, "nobody was sent to what waits")
	}
}

// A worker whose batch has waited for longer than a wake-up takes wakes somebody for the rest.
func TestBriskWorkerSharesWhatWaits(t *testing.T) {
	for _, c := range []struct {
		waited time.Duration
		wakes  bool
	}{{usualWake, false}, {(standing + 1) * usualWake, true}} {
		b := newBrisk(t)
		require.NoError(t, b.run.TrySubmit(0))
		put(t, b.other, 1)
		b.clock += Time(c.waited)
		turn(t, b.Engine, 0)
		require.Equal(t, c.wakes, woken(b.Engine) == sched.SetOf(1), "waited %v", c.waited)
	}
}

// A worker is trusted for as long as waking it takes now, whatever it took when its turns became short.
func TestPatienceFollowsWakeUps(t *testing.T) {
	b := newBrisk(t)
	w := b.workers[0]
	w.idler.wake = 8 * usualWake
	w.beBrisk(true)
	for w.idler.wake > usualWake {
		w.wokenAt.Store(int64(b.clock))
		w.rise(b.clock)
	}
	b.while(t, func() {
		b.clock += Time(2 * usualWake)
		require.NoError(t, b.other.TrySubmit(1))
		require.Equal(t, sched.SetOf(1), woken(b.Engine), "this batch takes long")
	})
}

// However long wake-ups take, events are not left to a worker for longer than until the watch looks.
func TestPatienceHasAnEnd(t *testing.T) {
	b := newBrisk(t)
	w := b.workers[0]
	w.idler.wake = time.Second
	w.beBrisk(true)
	b.while(t, func() {
		require.NoError(t, b.other.TrySubmit(1))
		require.Equal(t, none, woken(b.Engine))
		b.clock += Time(2 * rescueEvery)
		b.watch.rescue(b.clock)
		require.Equal(t, sched.SetOf(1), woken(b.Engine))
	})
	require.False(t, w.idler.turned(forget*rescueEvery), "such turns are not short")
}

// What was left to a brisk worker that comes to owe for the stage, and cannot run it, is somebody else's.
func TestBriskWorkerThatOwesLeavesNothingBehind(t *testing.T) {
	var from, to *Stage[int]
	meanwhile := func() {}
	e := byHand(t, 3, map[string][]int{"from": {0, 1}, "to": {2}}, func(e *Engine) {
		e.virtual = func() Time { return 0 }
		from = Add(e, StageConfig[int]{Name: "from", MaxBatch: 1})
		to = Add(e, StageConfig[int]{Name: "to", Key: func(k int) uint64 { return uint64(k) }, Shards: 2, Capacity: 2})
		edge := Connect(from, to)
		from.Handle(func(c *Context, k int) error { edge.Emit(c, k); meanwhile(); return nil })
		to.Handle(func(*Context, int) error { return nil })
	})
	full, roomy := 0, 1
	for to.shardOf(roomy) == to.shardOf(full) {
		roomy++
	}
	w := e.workers[0]
	for range to.capacity {
		require.NoError(t, from.TrySubmit(full))
		turn(t, e, 0)
		settled(e, 0)
	}
	w.idler.wake = usualWake
	w.beBrisk(w.idler.turned(0))
	fallAsleep(t, e, 1)
	meanwhile = func() {
		require.NoError(t, from.TrySubmit(roomy))
		require.Equal(t, none, woken(e), "worker 0 will look sooner")
	}
	require.NoError(t, from.TrySubmit(full))
	turn(t, e, 0)
	require.True(t, from.owes(0))
	require.False(t, w.turn())
	require.Equal(t, sched.SetOf(1), woken(e), "worker 0 cannot run it")
	require.False(t, w.brisk)
}

// A brisk worker leaves alone what it will look at itself. For what it does not serve it makes room, and says so, as any other.
func TestBriskWorkerTellsOfRoomItMakes(t *testing.T) {
	var from, long, to *Stage[int]
	e := byHand(t, 3, map[string][]int{"from": {0, 1}, "long": {0}, "to": {2}}, func(e *Engine) {
		e.virtual = func() Time { return 0 }
		from, long = Add(e, StageConfig[int]{Name: "from"}), Add(e, StageConfig[int]{Name: "long"})
		to = Add(e, StageConfig[int]{Name: "to", Capacity: 2})
		edge := Connect(from, to)
		from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
		long.Handle(func(*Context, int) error { turn(t, e, 2); return nil })
		to.Handle(func(*Context, int) error { return nil })
	})
	w := e.workers[2]
	w.idler.wake = usualWake
	w.beBrisk(w.idler.turned(0))
	for range to.capacity {
		put(t, to, 0)
	}
	fallAsleep(t, e, 1)
	require.NoError(t, from.TrySubmit(0))
	require.NoError(t, long.TrySubmit(0))
	require.Equal(t, none, woken(e), "worker 0 searches")
	turn(t, e, 0)
	require.Equal(t, sched.SetOf(1), woken(e), "worker 0 was busy when there was room, and nobody else told worker 1")
}

// A function of Every that takes long holds up nobody, neither what was left to its worker before nor what comes meanwhile.
func TestPeriodicEventsThatTakeLong(t *testing.T) {
	for _, before := range []bool{true, false} {
		b := newBrisk(t)
		w := b.workers[0]
		if before {
			require.NoError(t, b.other.TrySubmit(1))
			require.Equal(t, none, woken(b.Engine), "worker 0 searches")
		}
		require.True(t, w.leave())
		if !before {
			require.NoError(t, b.other.TrySubmit(1))
		}
		require.Equal(t, sched.SetOf(1), woken(b.Engine))
		require.False(t, w.leave(), "it has left already")
	}
}

// A second searcher is one too many, unless it serves something that the first does not.
func TestCovered(t *testing.T) {
	b := newBrisk(t)
	sleep := func(i int) { b.parked.set(i) }
	first, second := b.workers[0], b.workers[1]
	require.False(t, first.covered(0), "worker 1 sleeps")
	require.True(t, second.covered(0), "worker 0 searches")
	b.parked.clear(1)
	second.state.Store(searching)
	require.False(t, first.covered(0), "of two that search the first goes on; the second does not serve run")
	sleep(0)
	require.False(t, second.covered(0))
	b.parked.clear(0)
	b.while(t, func() {
		require.True(t, second.covered(b.clock), "worker 0 will look sooner")
		require.False(t, second.covered(b.clock+Time(2*usualWake)), "its batch takes long")
	})
	replan := func(workers map[string][]int) {
		planned(b.Engine, workers)
		first.adopt(b.plan.Load())
		second.adopt(b.plan.Load())
	}
	replan(map[string][]int{"run": {0}, "other": {1}})
	require.False(t, second.covered(0), "nobody else serves other")
	replan(map[string][]int{"run": {0, 1}, "other": {0, 1}})
	first.state.Store(searching)
	require.True(t, second.covered(0))
	require.False(t, first.covered(0), "each could leave it to the other: one has to stay")
}

func TestTurnsBesideWakeUps(t *testing.T) {
	d := idler{wake: usualWake}
	require.True(t, d.turned(0))
	require.True(t, d.turned(3*usualWake), "one of many")
	for range forget {
		d.turned(usualWake)
	}
	require.False(t, d.turned(usualWake))
	for range 2 * forget {
		d.turned(0)
	}
	require.True(t, d.turned(0))
	require.False(t, (&idler{}).turned(0), "nothing is known of wake-ups")
}

// What a wake-up usually takes does not depend on how long the rare ones take.
func TestUsualWake(t *testing.T) {
	var d idler
	for i := range 1000 {
		d.woke(usualWake + time.Duration(i%7)*time.Microsecond)
		if i%10 == 9 {
			d.woke(time.Second)
		}
	}
	require.Greater(t, d.wake, usualWake/2)
	require.Less(t, d.wake, 3*usualWake)
}

// The first in line looks before it sleeps, but only where the last one did not wait for long.
func TestLinger(t *testing.T) {
	b := newBrisk(t)
	looks := 0
	b.virtual = func() Time { looks++; b.clock += Time(usualWake / 10); return b.clock }
	b.workers[0].wakeCost.Store(uint64(usualWake))
	l, _, _ := newLine(1)
	w := joined(t, l)
	b.linger(t.Context(), l, w, b.clock)
	require.Greater(t, looks, 4*lingerWakes, "nobody tells it")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	looks = 0
	require.ErrorIs(t, b.stand(gone, l, w), context.Canceled)
	require.Less(t, looks, 4, "its context has ended")
	began := b.clock
	w.told = began + Time(time.Hour)
	w.room <- struct{}{}
	require.NoError(t, b.stand(t.Context(), l, w))
	require.InDelta(t, time.Hour, l.lasted.Load(), float64(time.Minute), "the next one goes by when it was told")
	l.lasted.Store(int64(time.Second))
	looks = 0
	b.linger(t.Context(), l, w, b.clock)
	require.Zero(t, looks, "it would be in vain")
}
