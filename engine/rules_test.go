package engine

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// Debts, hand-over, serial stages and the end of a drain, one schedule each.

// passOn is an engine by hand in which from sends each event on to two stages that note what they get, and the edges.
type passOn struct {
	e                   *Engine
	from, to, other     *Stage[int]
	toEdge, otherEdge   *Edge[int]
	toSeen, otherSeen   []int
	inHandler, inToOnce func()
}

func newPassOn(t *testing.T, workers int, assign map[string][]int, serial bool) *passOn {
	p := &passOn{}
	p.e = byHand(t, workers, assign, func(e *Engine) {
		p.from = Add(e, StageConfig[int]{Name: "from", Serial: serial})
		p.to = Add(e, StageConfig[int]{Name: "to", Serial: serial, Capacity: 8})
		p.other = Add(e, StageConfig[int]{Name: "other", Serial: serial, Capacity: 8})
		p.toEdge, p.otherEdge = Connect(p.from, p.to), Connect(p.from, p.other)
		p.from.Handle(func(c *Context, v int) error {
			p.toEdge.Emit(c, v)
			if v < 0 {
				p.otherEdge.Emit(c, v)
			}
			if p.inHandler != nil {
				p.inHandler()
			}
			return nil
		})
		p.to.Handle(func(_ *Context, v int) error {
			p.toSeen = append(p.toSeen, v)
			if f := p.inToOnce; f != nil {
				p.inToOnce = nil
				f()
			}
			return nil
		})
		p.other.Handle(func(_ *Context, v int) error { p.otherSeen = append(p.otherSeen, v); return nil })
	})
	return p
}

// handedOver submits v, has worker 0 run from, and reports whether to was run in the same turn.
func (p *passOn) handedOver(t *testing.T, v int) bool {
	before := len(p.toSeen)
	require.NoError(t, p.from.TrySubmit(v))
	require.True(t, p.from.run.serve(p.e.workers[0]))
	settled(p.e, 0)
	return len(p.toSeen) > before
}

// repeated repeats what builds with invariants sometimes do differently.
func repeated(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 200 {
		if f() {
			return
		}
	}
	require.FailNow(t, what)
}

// A batch is handed over where all that is said of it in Edge.claim holds, and pushed otherwise.
func TestWhatIsHandedOver(t *testing.T) {
	serveAll := map[string][]int{"from": {0, 1}, "to": {0, 1}, "other": {1}}
	fresh := func() *passOn { return newPassOn(t, 2, serveAll, true) }
	repeated(t, "it is handed over", func() bool { return fresh().handedOver(t, 1) })

	p := fresh()
	put(t, p.to, 7)
	require.False(t, p.handedOver(t, 1), "an event waits in the ring")
	p = fresh()
	p.to.tokens[0].take(1)
	require.False(t, p.handedOver(t, 1), "worker 1 runs it")
	require.EqualValues(t, 2, p.to.tokens[0].owner.Load())
	p = fresh()
	p.inHandler = func() { planned(p.e, map[string][]int{"from": {0}, "to": {1}, "other": {1}}) }
	require.False(t, p.handedOver(t, 1), "there is a new plan to look at first")
	p = newPassOn(t, 2, map[string][]int{"to": {1}}, true)
	require.False(t, p.handedOver(t, 1), "worker 0 does not serve it")
	p = fresh()
	now := Time(1)
	p.e.virtual = func() Time { return now }
	p.inHandler = func() { now += quantum }
	require.False(t, p.handedOver(t, 1), "the turn is over")
}

// A stage that promises no order is handed batches past what waits in its ring: one that is neither serial nor keyed, has no classes, and is served by several.
func TestWhichStagesPromiseNoOrder(t *testing.T) {
	both := map[string][]int{"from": {0, 1}, "to": {0, 1}, "other": {1}}
	overtakes := func(assign map[string][]int, serial bool) bool {
		p := newPassOn(t, 2, assign, serial)
		put(t, p.to, 7)
		return p.handedOver(t, 1)
	}
	repeated(t, "it is handed over", func() bool { return overtakes(both, false) })
	for range 20 {
		require.False(t, overtakes(both, true), "serial")
		require.False(t, overtakes(map[string][]int{"from": {0}, "to": {0}, "other": {1}}, false), "one worker keeps an order")
	}
	e := byHand(t, 2, nil, func(e *Engine) {
		Add(e, StageConfig[int]{Name: "classes", Classes: 2}).Handle(func(*Context, int) error { return nil })
		Add(e, StageConfig[int]{Name: "keyed", Key: func(v int) uint64 { return uint64(v) }}).Handle(func(*Context, int) error { return nil })
		Add(e, StageConfig[int]{Name: "plain"}).Handle(func(*Context, int) error { return nil })
	})
	for _, s := range e.stages {
		require.Equal(t, s.name == "plain", e.plan.Load().loose.Has(s.id), s.name)
	}
}

// What overtakes leaves as much room ahead as it takes: else what waits would find none whenever the worker comes to it, and stay.
func TestWhatOvertakesLeavesRoom(t *testing.T) {
	handedOver := func(waits bool, room int) bool {
		var from, to, last *Stage[int]
		ran := false
		e := byHand(t, 2, nil, func(e *Engine) {
			from = Add(e, StageConfig[int]{Name: "from"})
			to = Add(e, StageConfig[int]{Name: "to"})
			last = Add(e, StageConfig[int]{Name: "last", Capacity: 8})
			toEdge, lastEdge := Connect(from, to), Connect(to, last)
			from.Handle(func(c *Context, v int) error { toEdge.Emit(c, v); return nil })
			to.Handle(func(c *Context, v int) error { lastEdge.Emit(c, v); ran = true; return nil })
			last.Handle(func(*Context, int) error { return nil })
		})
		for range 8 - room {
			put(t, last, 7)
		}
		if waits {
			put(t, to, 7)
		}
		require.NoError(t, from.TrySubmit(1))
		require.True(t, from.run.serve(e.workers[0]))
		settled(e, 0)
		return ran
	}
	repeated(t, "it overtakes where there is room for both", func() bool { return handedOver(true, 2) })
	repeated(t, "it needs less where nothing waits", func() bool { return handedOver(false, 1) })
	for range 20 {
		require.False(t, handedOver(true, 1), "the last room is for what waits")
	}
}

// What a stage sends to itself, or back, waits in the ring: the turn would not end.
func TestNothingIsHandedBack(t *testing.T) {
	for range 20 {
		var s *Stage[int]
		e := byHand(t, 1, nil, func(e *Engine) {
			s = Add(e, StageConfig[int]{Name: "s"})
			again := Connect(s, s)
			again.Full = Drop
			s.Handle(func(c *Context, v int) error {
				if v > 0 {
					again.Emit(c, v-1)
				}
				return nil
			})
		})
		require.NoError(t, s.TrySubmit(3))
		turn(t, e, 0)
		require.Equal(t, 1, ringOf(s).Len())
	}
	repeated(t, "it is handed on", func() bool {
		var there, back *Stage[int]
		wentThere, cameBack := 0, 0
		e := byHand(t, 1, nil, func(e *Engine) {
			there, back = Add(e, StageConfig[int]{Name: "there"}), Add(e, StageConfig[int]{Name: "back"})
			on, again := Connect(there, back), Connect(back, there)
			again.Full = Drop
			there.Handle(func(c *Context, v int) error { wentThere++; on.Emit(c, v); return nil })
			back.Handle(func(c *Context, v int) error { cameBack++; again.Emit(c, v); return nil })
		})
		require.NoError(t, there.TrySubmit(1))
		require.True(t, there.run.serve(e.workers[0]))
		require.Equal(t, 1, wentThere)
		return cameBack == 1
	})
}

// A batch that could not send on what it may emit waits in the ring.
func TestHandOverNeedsRoomAhead(t *testing.T) {
	var from, to, last *Stage[int]
	e := byHand(t, 1, nil, func(e *Engine) {
		from, to = Add(e, StageConfig[int]{Name: "from"}), Add(e, StageConfig[int]{Name: "to"})
		last = Add(e, StageConfig[int]{Name: "last", Capacity: 2})
		ab, bc := Connect(from, to), Connect(to, last)
		from.Handle(func(c *Context, v int) error { ab.Emit(c, v); return nil })
		to.Handle(func(c *Context, v int) error { bc.Emit(c, v); return nil })
		last.Handle(func(*Context, int) error { return nil })
	})
	put(t, last, 1)
	require.NoError(t, from.TrySubmit(1))
	require.NoError(t, from.TrySubmit(2))
	require.True(t, from.run.serve(e.workers[0]))
	settled(e, 0)
	require.Equal(t, 2, ringOf(to).Len())
}

// The handler of a blocking stage runs outside of the worker, also where that one sent the event.
func TestBlockingStageIsNotHandedOver(t *testing.T) {
	for range 20 {
		var from, to *Stage[int]
		e := byHand(t, 1, nil, func(e *Engine) {
			from, to = Add(e, StageConfig[int]{Name: "from"}), Add(e, StageConfig[int]{Name: "to", Blocking: 1})
			edge := Connect(from, to)
			from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
			to.Handle(func(*Context, int) error { return nil })
		})
		require.NoError(t, from.TrySubmit(1))
		turn(t, e, 0)
		settled(e, 0)
		require.Equal(t, 1, ringOf(to).Len())
	}
}

// A handler that leaves its goroutine in the worker, where tests run blocking stages, costs nothing but its event.
func TestBlockingHandlerExitsInline(t *testing.T) {
	e := New(Config{Workers: 2, Kind: Shared, Log: quietLog()})
	e.inline = true
	s := Add(e, StageConfig[int]{Name: "s", Blocking: 2, Serial: true, MaxBatch: 2})
	s.Handle(func(_ *Context, v int) error {
		if v == 2 {
			runtime.Goexit()
		}
		return nil
	})
	require.NoError(t, e.Start(context.Background()))
	for v := range 6 {
		require.NoError(t, s.TrySubmit(v))
	}
	require.NoError(t, e.Drain(context.Background()))
	checkBooks(t, e.Stats())
	require.EqualValues(t, 1, e.Stats().Stage("s").Failed)
}

// What a batch sent to other workers is told to them before the batch that is handed over runs.
func TestOthersAreToldBeforeTheHandOver(t *testing.T) {
	repeated(t, "it is handed over", func() (pushed bool) {
		p := newPassOn(t, 2, map[string][]int{"from": {0}, "to": {0}, "other": {1}}, false)
		fallAsleep(t, p.e, 1)
		p.inToOnce = func() {
			if pushed = ringOf(p.other).Len() == 1; pushed { // else it is owed
				require.Equal(t, sched.SetOf(1), woken(p.e))
			}
		}
		return p.handedOver(t, -1) && pushed
	})
}

// Rule a: what a worker pushed itself counts against the room it saw, so a batch that would not fit is not begun.
func TestPushedEventsCountAgainstTheRoom(t *testing.T) {
	e := byHand(t, 2, map[string][]int{"from": {0}, "to": {1}}, func(e *Engine) {
		from, to := Add(e, StageConfig[int]{Name: "from", MaxBatch: 1}), Add(e, StageConfig[int]{Name: "to", Capacity: 4})
		edge := Connect(from, to)
		from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
		to.Handle(func(*Context, int) error { return nil })
	})
	from := e.added[0]
	for v := range 6 {
		require.NoError(t, from.run.(*Stage[int]).TrySubmit(v))
	}
	for range 4 {
		turn(t, e, 0)
		settled(e, 0)
	}
	require.False(t, e.workers[0].turn())
	require.Zero(t, from.outs[0].owed(0))
}

// Rule a: after a debt a worker looks at the ring again, however much room it saw before.
func TestADebtEndsTheCredit(t *testing.T) {
	e, from, to, edge := blocked(t, StageConfig[int]{MaxBatch: 1})
	edge.out[0].credit = 100 // seen long ago
	require.NoError(t, from.TrySubmit(1))
	require.NoError(t, from.TrySubmit(2))
	turn(t, e, 0)
	require.Equal(t, 1, edge.owed(0))
	turn(t, e, 1)
	settled(e, 0)
	require.Zero(t, edge.owed(0))
	require.Equal(t, 2, ringOf(to).Len())
	require.False(t, e.workers[0].turn())
}

// An event that is emitted into a ring that has been full for long fails, however much room the worker saw before.
func TestFailEdgeLooksAtTheRing(t *testing.T) {
	e, from, _, edge := blocked(t, StageConfig[int]{MaxBatch: 1})
	edge.Full = Fail
	edge.out[0].credit = 100
	require.NoError(t, from.TrySubmit(1))
	turn(t, e, 0)
	require.Zero(t, edge.owed(0))
	require.Equal(t, uint64(1), from.hands[0].count.failed.Load())
}

// Rule b: a worker that is never idle pays its debts all the same, whatever the plan says.
func TestABusyWorkerPaysItsDebts(t *testing.T) {
	e := New(Config{Workers: 2, Kind: Shared, Log: quietLog(), Assign: map[string][]int{"from": {0}, "busy": {0}, "to": {1}}})
	from := Add(e, StageConfig[int]{Name: "from"})
	busy := Add(e, StageConfig[int]{Name: "busy"})
	to := Add(e, StageConfig[int]{Name: "to", Capacity: 2, MaxBatch: 1})
	edge, again := Connect(from, to), Connect(busy, busy)
	again.Full = Drop
	const owed = 100
	var arrived atomic.Int64
	from.Handle(func(c *Context, _ int) error {
		for v := range owed {
			edge.Emit(c, v)
		}
		return nil
	})
	turns := 0
	busy.Handle(func(c *Context, v int) error {
		if turns++; turns < 50_000_000 && arrived.Load() < owed {
			again.Emit(c, v)
			runtime.Gosched()
		}
		return nil
	})
	to.Handle(func(*Context, int) error { arrived.Add(1); return nil })
	require.NoError(t, e.Start(context.Background()))
	require.NoError(t, busy.TrySubmit(0))
	require.NoError(t, from.TrySubmit(0))
	require.NoError(t, e.Drain(context.Background()))
	require.Less(t, turns, 50_000_000, "the debt was paid only when the worker was idle")
}

// Rule d: a serial stage is not taken while its last owner owes for it, nor by a worker that owes for it itself.
func TestTokenStaysWithTheDebtor(t *testing.T) {
	e, from, to, edge := blocked(t, StageConfig[int]{Serial: true, MaxBatch: 1})
	planned(e, map[string][]int{"from": {0, 1}, "to": {1}})
	for _, w := range e.workers {
		w.adopt(e.plan.Load())
	}
	edge.out[0].credit = 100
	require.NoError(t, from.TrySubmit(3))
	require.NoError(t, from.TrySubmit(4))
	require.True(t, from.run.serve(e.workers[0]))
	require.Equal(t, 1, edge.owed(0))
	require.EqualValues(t, 1, from.tokens[0].owner.Load())
	take(to, 1)
	require.False(t, from.run.serve(e.workers[0]), "it pays first")
	require.False(t, from.run.serve(e.workers[1]), "it is worker 0's")
	require.True(t, e.workers[0].payDebts())
	require.EqualValues(t, nobody, from.tokens[0].owner.Load())
}

// Order: the outputs of a serial stage are in the ring before another worker can run it.
func TestOutputsArePushedBeforeTheTokenIsGivenUp(t *testing.T) {
	var from, to *Stage[int]
	var edge *Edge[int]
	e := byHand(t, 2, map[string][]int{"from": {0}, "to": {1}}, func(e *Engine) {
		from, to = Add(e, StageConfig[int]{Name: "from", Serial: true}), Add(e, StageConfig[int]{Name: "to"})
		edge = Connect(from, to)
		from.Handle(func(c *Context, v int) error { edge.Emit(c, v); return nil })
		to.Handle(func(*Context, int) error { return nil })
	})
	owner := int32(-1)
	ringOf(to).plain = &watchedRing{queue: ringOf(to).plain, beforePush: func() { owner = from.tokens[0].owner.Load() }}
	require.NoError(t, from.TrySubmit(1))
	turn(t, e, 0)
	settled(e, 0)
	require.EqualValues(t, 1, owner)
	require.EqualValues(t, nobody, from.tokens[0].owner.Load())
}

// watchedRing is a ring with something that happens just before a batch is pushed.
type watchedRing struct {
	queue[int]
	beforePush func()
}

func (r *watchedRing) PushBatch(items []int, stamp int64) int {
	r.beforePush()
	return r.queue.PushBatch(items, stamp)
}

// Every source of a stage has its turn, however full the others are.
func TestSourcesTakeTurns(t *testing.T) {
	var s *Stage[int]
	var second *Inlet[int]
	var seen []int
	e := byHand(t, 1, nil, func(e *Engine) {
		s = Add(e, StageConfig[int]{Name: "s", MaxBatch: 2})
		second = s.Inlet(InletConfig{Name: "second"})
		s.Handle(func(_ *Context, v int) error { seen = append(seen, v); return nil })
	})
	for range 10 {
		put(t, s, 0)
		require.NoError(t, s.TrySubmit(1))
		require.NoError(t, second.TrySubmit(2))
	}
	for range 3 {
		turn(t, e, 0)
	}
	require.ElementsMatch(t, []int{0, 0, 1, 1, 2, 2}, seen)
}

// Sources that have an event each, whenever they are looked at, get the same, also where a batch has fewer events than there are sources.
func TestFewEventsOfManySources(t *testing.T) {
	const sources, turns = 4, 20
	for most := 1; most <= 3; most++ {
		var inlets []*Inlet[int]
		var seen [sources]int
		e := byHand(t, 1, nil, func(e *Engine) {
			s := Add(e, StageConfig[int]{Name: "s", MaxBatch: most})
			for i := range sources {
				inlets = append(inlets, s.Inlet(InletConfig{Name: string(rune('a' + i))}))
			}
			s.Handle(func(_ *Context, v int) error { seen[v]++; return nil })
		})
		for range turns {
			for i, in := range inlets {
				if in.queued() == 0 {
					require.NoError(t, in.TrySubmit(i))
				}
			}
			turn(t, e, 0)
		}
		for i, n := range seen {
			require.Equal(t, turns*most/sources, n, "source %d of %v, with batches of %d", i, seen, most)
		}
	}
}

// What a worker has done with it does not keep alive.
func TestHandsForgetTheirEvents(t *testing.T) {
	var s *Stage[*int]
	e := byHand(t, 1, nil, func(e *Engine) {
		s = Add(e, StageConfig[*int]{Name: "s"})
		s.Handle(func(*Context, *int) error { return nil })
	})
	require.NoError(t, s.TrySubmit(new(int)))
	turn(t, e, 0)
	for _, v := range s.hands[0].buf {
		require.Nil(t, v)
	}
}

// A drain is over when, at one time, nobody had a batch and nothing waited or was owed. Something happens in the middle of each look.
func TestDrainedLooksTwice(t *testing.T) {
	atRest := func() *passOn {
		p := newPassOn(t, 2, nil, false)
		fallAsleep(t, p.e, 0, 1)
		return p
	}
	require.True(t, atRest().e.drained())

	p := atRest()
	put(t, p.to, 1)
	require.False(t, p.e.drained(), "an event in a ring")
	p = atRest()
	owe(p.e, p.toEdge)
	require.False(t, p.e.drained(), "a debt")
	p = atRest()
	put(t, p.from, 1)
	p.from.run = &watchedRun{stageRun: p.from.run, beforeQueued: func() {
		p.e.wake(0, 0)
		take(p.from, 1)
	}}
	require.False(t, p.e.drained(), "an event in the hand of a worker that has just been woken")
	p = atRest()
	put(t, p.from, 1)
	p.from.run = &watchedRun{stageRun: p.from.run, beforeQueued: func() {
		p.e.workers[0].turnEnd = 0
		p.from.serve(p.e.workers[0])
		settled(p.e, 0)
	}}
	require.False(t, p.e.drained(), "a worker ran a batch and slept again")
}

// A batch that a blocking handler is at is in no ring, and its worker sleeps.
func TestDrainedWaitsForBlockingHandlers(t *testing.T) {
	var s *Stage[int]
	e := byHand(t, 1, nil, func(e *Engine) {
		s = Add(e, StageConfig[int]{Name: "s", Blocking: 1})
		s.Handle(func(*Context, int) error { return nil })
	})
	fallAsleep(t, e, 0)
	slot := s.outside.free.take()
	require.False(t, e.drained())
	s.outside.free.put(slot)
	require.True(t, e.drained())
}

// While the engine drains, a worker that falls asleep says so.
func TestDrainIsToldOfSleep(t *testing.T) {
	e, _, _ := oneStage(t, 1, StageConfig[int]{})
	e.publish(e.plan.Load().with(true, false))
	w := e.workers[0]
	w.adopt(e.plan.Load())
	w.parker.unpark()
	w.park(0)
	require.Len(t, e.quiet, 1)
}
