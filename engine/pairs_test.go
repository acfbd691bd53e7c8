package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// The pairs of wake.go, one schedule each.

// oneStage is an engine by hand with the stage s, which notes what it handles.
func oneStage(t *testing.T, workers int, c StageConfig[int]) (e *Engine, s *Stage[int], seen *[]int) {
	seen = new([]int)
	e = byHand(t, workers, nil, func(e *Engine) {
		c.Name = "s"
		s = Add(e, c)
		s.Handle(func(_ *Context, v int) error { *seen = append(*seen, v); return nil })
	})
	return e, s, seen
}

// Pair (1): an event that comes during the last look is found, since whoever published it found the sleep announced or the sleeper looks
// after the announcement.
func TestSleepIsAnnouncedBeforeTheLastLook(t *testing.T) {
	e, s, _ := oneStage(t, 1, StageConfig[int]{})
	e.ready.set(s.id)
	announced := false
	s.run = &watchedRun{stageRun: s.run, beforeRunnable: func() {
		announced = e.parked.has(0)
		put(t, s, 1)
	}}
	e.workers[0].parker.unpark() // it does not sleep for ever if it does sleep
	e.workers[0].park(0)
	require.True(t, announced)
	require.False(t, e.parked.has(0), "the announcement is taken back")
	require.Zero(t, e.workers[0].parks.Load())
}

// One wake-up for each sleep.
func TestASleeperIsClaimedOnce(t *testing.T) {
	e, s, _ := oneStage(t, 2, StageConfig[int]{})
	fallAsleep(t, e, 0, 1)
	require.NoError(t, s.TrySubmit(1))
	require.Equal(t, sched.SetOf(0), woken(e))
	require.Equal(t, uint64(1), e.coldWakes.Load())
	require.False(t, e.wake(0, 0), "it is awake")
	require.NoError(t, s.TrySubmit(2))
	require.Equal(t, none, woken(e), "it looks at what comes meanwhile")
	turn(t, e, 0)
}

// Pair (2): who clears a ready bit looks again.
func TestCleanLooksAgain(t *testing.T) {
	e, s, _ := oneStage(t, 1, StageConfig[int]{})
	put(t, s, 1)
	e.clean(&s.stageCore)
	require.True(t, e.ready.has(s.id), "an event came that found the bit set")
	turn(t, e, 0)
	e.clean(&s.stageCore)
	require.False(t, e.ready.has(s.id))
}

// Pair (3): a publisher wakes somebody unless a worker that serves the stage is searching.
func TestWhoIsLeftAlone(t *testing.T) {
	for _, c := range []struct {
		state uint64
		woken sched.Set
	}{{searching, none}, {asleep, none}, {running, sched.SetOf(1)}} {
		e, s, _ := oneStage(t, 3, StageConfig[int]{})
		fallAsleep(t, e, 1, 2)
		e.workers[0].state.Store(c.state)
		require.NoError(t, s.TrySubmit(1))
		require.Equal(t, c.woken, woken(e), "state %d", c.state)
	}
}

// Pair (3): once a worker runs a handler nobody relies on it.
func TestARunningWorkerIsNotReliedOn(t *testing.T) {
	var a, b *Stage[int]
	var found sched.Set
	e := byHand(t, 2, map[string][]int{"a": {0}, "b": {0, 1}}, func(e *Engine) {
		a, b = Add(e, StageConfig[int]{Name: "a"}), Add(e, StageConfig[int]{Name: "b"})
		a.Handle(func(*Context, int) error {
			require.NoError(t, b.TrySubmit(1))
			found = woken(e)
			return nil
		})
		b.Handle(func(*Context, int) error { return nil })
	})
	fallAsleep(t, e, 1)
	require.NoError(t, a.TrySubmit(1))
	turn(t, e, 0)
	require.Equal(t, sched.SetOf(1), found)
}

// Pair (3): a searcher that goes off to run one stage has somebody woken for each of the others.
func TestWhatASearcherLeavesIsSpread(t *testing.T) {
	var a, b, c, d *Stage[int]
	var found sched.Set
	e := byHand(t, 4, map[string][]int{"a": {0}, "b": {0}, "c": {0, 1}, "d": {0, 3}}, func(e *Engine) {
		for i, s := range []**Stage[int]{&a, &b, &c, &d} {
			*s = Add(e, StageConfig[int]{Name: string(rune('a' + i))})
			(*s).Handle(func(*Context, int) error { return nil })
		}
		a.Handle(func(*Context, int) error { found = woken(e); return nil })
	})
	fallAsleep(t, e, 1, 2, 3)
	for _, s := range []*Stage[int]{d, c, b, a} {
		require.NoError(t, s.TrySubmit(1))
	}
	require.Equal(t, none, woken(e), "left to worker 0")
	turn(t, e, 0)
	require.Equal(t, sched.SetOf(1, 3), found, "before the handler of a, which may take long")
}

// Pair (3): a stage that was held up by a full ring is given to a sleeper by whoever makes room.
func TestRoomLetsASleeperRun(t *testing.T) {
	var from, to *Stage[int]
	var found sched.Set
	e := byHand(t, 3, map[string][]int{"from": {0, 1}, "to": {2}}, func(e *Engine) {
		from, to = Add(e, StageConfig[int]{Name: "from"}), Add(e, StageConfig[int]{Name: "to", Capacity: 2, MaxBatch: 1, Serial: true})
		edge := Connect(from, to)
		from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
		to.Handle(func(*Context, int) error { found = woken(e); return nil })
	})
	put(t, to, 1)
	put(t, to, 2)
	fallAsleep(t, e, 1)
	require.NoError(t, from.TrySubmit(3)) // worker 0 is searching, and finds the way blocked
	require.False(t, e.workers[0].turn())
	e.workers[0].state.Store(running) // it goes off to a handler that takes long
	turn(t, e, 2)
	require.Equal(t, sched.SetOf(1), found)
}

// Pair (4): whoever sleeps is woken to see a new plan, and whoever is about to sleep sees it.
func TestPlanReachesSleepers(t *testing.T) {
	e, _, _ := oneStage(t, 3, StageConfig[int]{})
	fallAsleep(t, e, 0, 1)
	planned(e, map[string][]int{"s": {0}})
	require.Equal(t, sched.SetOf(0, 1), woken(e))
	e.parked.set(2)
	require.False(t, e.workers[2].mayPark())
}

// A plan is in force when each worker acts on it or sleeps.
func TestPlanInForce(t *testing.T) {
	e, _, _ := oneStage(t, 2, StageConfig[int]{})
	planned(e, map[string][]int{"s": {0}})
	p := e.plan.Load()
	require.False(t, e.inForce(p))
	e.workers[0].adopt(p)
	require.False(t, e.inForce(p))
	e.parked.set(1)
	require.True(t, e.inForce(p))
}

// Pair (4): an event that was left to a worker, by the old plan, is not forgotten when that worker loses the stage.
func TestWhoLosesAStageLooksALastTime(t *testing.T) {
	e, s, _ := oneStage(t, 2, StageConfig[int]{})
	planned(e, map[string][]int{"s": {1}})
	e.workers[1].adopt(e.plan.Load())
	fallAsleep(t, e, 1)
	put(t, s, 1) // by somebody who read the plan before and saw worker 0 searching
	e.workers[0].adopt(e.plan.Load())
	require.Equal(t, sched.SetOf(1), woken(e))
}

// blocked is an engine by hand in which the ring of to, which worker 1 serves, holds its two events; from, on worker 0, is before it.
func blocked(t *testing.T, c StageConfig[int]) (e *Engine, from, to *Stage[int], edge *Edge[int]) {
	e = byHand(t, 2, map[string][]int{"from": {0}, "to": {1}}, func(e *Engine) {
		c.Name = "from"
		from, to = Add(e, c), Add(e, StageConfig[int]{Name: "to", Capacity: 2, MaxBatch: 1})
		edge = Connect(from, to)
		from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
		to.Handle(func(*Context, int) error { return nil })
	})
	put(t, to, 1)
	put(t, to, 2)
	return e, from, to, edge
}

// owe makes worker 0 owe one event on the edge.
func owe(e *Engine, edge *Edge[int]) {
	b := &edge.out[0]
	b.items = append(b.items, 0)
	edge.owe(0)
	add(&b.entered, 1)
	e.workers[0].debts = append(e.workers[0].debts, debt{edge, 0})
}

// Pair (5): a worker whose stage is held up asks for room before it sleeps, and is told.
func TestSleeperAsksForRoom(t *testing.T) {
	e, from, to, _ := blocked(t, StageConfig[int]{})
	var found sched.Set
	to.handle = func(*Context, int) error { found = woken(e); return nil }
	require.NoError(t, from.TrySubmit(3))
	fallAsleep(t, e, 0)
	require.True(t, to.waiting[0].has(0))
	turn(t, e, 1)
	require.Equal(t, sched.SetOf(0), found, "before the handler, which may take long")
	require.False(t, to.waiting[0].any(), "told once")
}

// Pair (5): having asked, it looks again.
func TestSleeperLooksForRoomAgain(t *testing.T) {
	e, from, to, edge := blocked(t, StageConfig[int]{})
	require.NoError(t, from.TrySubmit(3))
	from.outs[0] = &watchedEdge{outEdge: edge, afterAdmits: func() { take(to, 1) }}
	require.True(t, e.workers[0].couldRun(&from.stageCore), "room was made between the first look and the asking")
}

// Pair (5): room that was made before a sleeper asked is told at the end of the turn, behind a fence.
func TestRoomIsToldAtTheEndOfTheTurn(t *testing.T) {
	e, _, to, _ := blocked(t, StageConfig[int]{})
	to.handle = func(*Context, int) error {
		e.parked.set(0)
		to.waiting[0].set(0)
		return nil
	}
	turn(t, e, 1)
	require.Equal(t, sched.SetOf(0), woken(e))
}

// Pair (5): a debtor asks for room, and tries once more.
func TestDebtorAsksForRoom(t *testing.T) {
	e, _, to, edge := blocked(t, StageConfig[int]{})
	var found sched.Set
	to.handle = func(*Context, int) error { found = woken(e); return nil }
	owe(e, edge)
	fallAsleep(t, e, 0)
	require.True(t, to.waiting[0].has(0))
	turn(t, e, 1)
	require.Equal(t, sched.SetOf(0), found, "before the handler, which may take long")
	require.False(t, e.workers[0].mayPark(), "there is room now")
	require.Zero(t, edge.owed(0))
	require.Empty(t, e.workers[0].debts)
}

// A worker does not stay awake for a stage that it cannot run: it owes for it, or another worker runs it.
func TestWhatAWorkerCannotRun(t *testing.T) {
	e, from, to, edge := blocked(t, StageConfig[int]{})
	require.NoError(t, from.TrySubmit(3))
	owe(e, edge)
	take(to, 2)
	require.False(t, e.workers[0].couldRun(&from.stageCore), "the debt comes first")

	e, s, _ := oneStage(t, 2, StageConfig[int]{Serial: true})
	put(t, s, 1)
	s.tokens[0].take(1)
	require.False(t, e.workers[0].couldRun(&s.stageCore))
	s.tokens[0].giveUp()
	require.True(t, e.workers[0].couldRun(&s.stageCore))
}

// Pair (6): nobody is woken for a serial stage that another worker runs; that one goes on with it, or has somebody woken for it.
func TestOwnerLooksAfterItsStage(t *testing.T) {
	var s, long *Stage[int]
	var found sched.Set
	e := byHand(t, 2, map[string][]int{"s": {0, 1}, "long": {0}}, func(e *Engine) {
		s, long = Add(e, StageConfig[int]{Name: "s", Serial: true}), Add(e, StageConfig[int]{Name: "long"})
		s.Handle(func(_ *Context, v int) error {
			if v == 1 {
				require.NoError(t, s.TrySubmit(2))
			}
			return nil
		})
		long.Handle(func(*Context, int) error { found = woken(e); return nil })
	})
	fallAsleep(t, e, 1)
	require.NoError(t, s.TrySubmit(1))
	require.NoError(t, long.TrySubmit(1))
	require.True(t, s.run.serve(e.workers[0]))
	require.Equal(t, none, woken(e))
	require.True(t, long.run.serve(e.workers[0]))
	require.Equal(t, sched.SetOf(1), found)
}

// Pair (6): a worker that gives up a stage it does not serve any more has somebody woken for it.
func TestDebtorGivesUpAStageItLost(t *testing.T) {
	e, from, to, edge := blocked(t, StageConfig[int]{Serial: true})
	from.tokens[0].take(0)
	owe(e, edge)
	planned(e, map[string][]int{"from": {1}, "to": {0}})
	for _, w := range e.workers {
		w.adopt(e.plan.Load())
	}
	take(to, 2)
	fallAsleep(t, e, 1)
	require.NoError(t, from.TrySubmit(3))
	require.Equal(t, none, woken(e), "worker 0 holds it")
	require.True(t, e.workers[0].payDebts())
	require.EqualValues(t, nobody, from.tokens[0].owner.Load())
	require.Equal(t, sched.SetOf(1), woken(e))
}

// A debtor that could not run the stage anyway is not woken for it, nor is an event left to one that searches.
func TestDebtorsAreNotWokenForWhatTheyCannotRun(t *testing.T) {
	for _, searches := range []bool{false, true} {
		e, from, _, edge := blocked(t, StageConfig[int]{})
		planned(e, map[string][]int{"from": {0, 1}, "to": {1}})
		for _, w := range e.workers {
			w.adopt(e.plan.Load())
		}
		owe(e, edge)
		if !searches {
			fallAsleep(t, e, 0)
		}
		e.parked.set(1)
		put(t, from, 3)
		e.wakeFor(&from.stageCore, 0)
		require.Equal(t, sched.SetOf(1), woken(e))
	}
}

// A worker that feeds a stage and owes for it cannot run it, and leaves what it pushes to a sleeper that can.
func TestADebtorDoesNotKeepWhatItPushes(t *testing.T) {
	key := func(v int) uint64 { return uint64(v) }
	var feed, from, to *Stage[int]
	e := byHand(t, 3, map[string][]int{"feed": {0}, "from": {0, 1}, "to": {2}}, func(e *Engine) {
		feed, from = Add(e, StageConfig[int]{Name: "feed"}), Add(e, StageConfig[int]{Name: "from"})
		to = Add(e, StageConfig[int]{Name: "to", Capacity: 2, Key: key, Shards: 2})
		first, second := Connect(feed, from), Connect(from, to)
		feed.Handle(func(c *Context, v int) error { first.Emit(c, v); return nil })
		from.Handle(func(c *Context, v int) error { second.Emit(c, v); return nil })
		to.Handle(func(*Context, int) error { return nil })
	})
	run := func(v int) {
		require.NoError(t, feed.TrySubmit(v))
		for e.workers[0].turn() {
			settled(e, 0)
		}
	}
	for range 3 {
		run(0)
	}
	require.True(t, from.owes(0), "the shard of key 0 is full")
	other := 1
	for to.shardOf(other) == to.shardOf(0) {
		other++
	}
	fallAsleep(t, e, 1)
	run(other)
	require.Equal(t, sched.SetOf(1), woken(e))
	turn(t, e, 1)
	settled(e, 1)
	require.True(t, to.shards[to.shardOf(other)].pending())
}

// Pair (3): room that a blocking stage makes after the batches it brings to their end is not forgotten.
func TestRoomInABlockingStageLetsASleeperRun(t *testing.T) {
	var from, to *Stage[int]
	var found sched.Set
	e := byHand(t, 3, map[string][]int{"from": {0, 1}, "to": {2}}, func(e *Engine) {
		e.inline = true
		from, to = Add(e, StageConfig[int]{Name: "from"}), Add(e, StageConfig[int]{Name: "to", Capacity: 2, Blocking: 1})
		edge := Connect(from, to)
		from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
		to.Handle(func(*Context, int) error { found = woken(e); return nil })
	})
	put(t, to, 1)
	turn(t, e, 2) // handled, and not yet at its end
	put(t, to, 2)
	put(t, to, 3)
	fallAsleepUnasked(e, 1)
	require.NoError(t, from.TrySubmit(4)) // worker 0 is searching, and finds the way blocked
	require.False(t, e.workers[0].turn())
	e.workers[0].state.Store(running)
	turn(t, e, 2)
	require.Equal(t, sched.SetOf(1), found)
}

// Pair (3): a batch that a blocking handler is through with is spread as well, whatever room there is ahead.
func TestWhatABlockingHandlerIsThroughWithIsSpread(t *testing.T) {
	var from, to, long *Stage[int]
	var found sched.Set
	e := byHand(t, 3, map[string][]int{"from": {0, 1}, "to": {2}, "long": {0}}, func(e *Engine) {
		e.inline = true
		from, to = Add(e, StageConfig[int]{Name: "from", Blocking: 1}), Add(e, StageConfig[int]{Name: "to", Capacity: 2})
		long = Add(e, StageConfig[int]{Name: "long"})
		Connect(from, to)
		from.Handle(func(*Context, int) error { return nil })
		to.Handle(func(*Context, int) error { return nil })
		long.Handle(func(*Context, int) error { found = woken(e); return nil })
	})
	put(t, from, 1)
	turn(t, e, 0)
	put(t, to, 1)
	put(t, to, 2)
	fallAsleepUnasked(e, 1) // when the handler was through worker 0 was searching
	require.NoError(t, long.TrySubmit(3))
	require.True(t, long.run.serve(e.workers[0]))
	require.Equal(t, sched.SetOf(1), found)
}

// Pair (7): an event that finds no slot, and a worker up that has none for it and lies down again, is seen by the control loop before it sleeps.
func TestControlLoopDoesNotSleepWhileAnEventWaitsForASlot(t *testing.T) {
	e, s, _ := oneStage(t, 1, StageConfig[int]{Blocking: 2})
	s.outside.most.Store(1)
	require.Zero(t, s.outside.free.takeBelow(1), "the slot that may be used is")
	s.run = &watchedRun{stageRun: s.run, afterPending: func() {
		if !e.parked.has(0) {
			require.NoError(t, s.TrySubmit(1))
			e.parked.set(0)
			require.True(t, e.workers[0].mayPark())
		}
	}}
	c := &e.controller.doze
	c.asleep.Store(true)
	require.False(t, e.controller.quiet() && c.asleep.Load(), "the loop sleeps, and nobody has restarted it")
}
