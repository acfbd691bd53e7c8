package engine

import (
	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/sched"
)

// Wake-ups. No event may wait while a worker that could run it sleeps, and no wake-up may be spent where somebody is looking anyway.
//
// State, all of it sequentially consistent atomics:
//
//	ready[s]    stage s may have events. Set by whoever published one and found it clear; cleared by a worker that has looked in
//	            vain many times (giveUpLooking). A bit that is set for nothing costs a look now and then, never an event.
//	parked[w]   worker w sleeps or is about to. Set by w; cleared by the one waker that claims w, or by w itself.
//	waiting[w]  of stage t: worker w sleeps, or is about to, and wants room in t's ring. Set by w, taken by a worker that makes room.
//	w.state     running: w is in a handler and does not look. searching: w looks at every ready stage it serves before it sleeps.
//	w.patience  for how long a batch of w is trusted to end soon; 0: not at all.
//	plan        who serves what.
//
// Every pair below is a store and then a load on each side with a full fence between them, so at least one side sees the other:
//
//	(1) publisher: publish event; fence; read ready[s], parked       sleeper: set parked; read every ready[s] it serves, then rings
//	(2) publisher: publish event; fence; read ready[s]               cleaner: clear ready[s]; read the rings, set it again if not empty
//	(3) publisher: publish event; fence; read plan, then w.state     searcher that found work: state = running; read ready, rings
//	(4) publisher: publish event; fence; read plan                   planner: store plan; read parked, wake them all
//	(5) consumer: free slots; fence; read waiting of the stage       sleeper: set parked; set waiting; try to flush again
//	(6) publisher: publish event; fence; see the shard's token taken owner: give it up; fence; read the rings
//	(7) publisher: publish event; fence; see no slot that may be used  control loop: let more slots be used; fence; read the rings, then parked
//	    and then: read whether the loop sleeps                         control loop: say that it sleeps; fence; read parked, then the rings of blocking stages
//
// A sleeper is also left alone while a worker that could run the event has a batch in hand that will be over sooner than the sleeper could
// be there: turns of that worker are short beside a wake-up (idler.turned), what it takes has not waited for several (begin), and this
// batch is younger than one (willLook). Waking somebody then only takes a CPU away from who made the event, and scatters what one core has in its
// cache. The worker looks at everything when its batch is done, so the event is safe by (1); it is late only if the batch takes unexpectedly long,
// and then whoever publishes next wakes the sleeper, or the watch does within rescueEvery. A worker that comes to owe cannot run all that it may
// have been left: nothing more is left to it, and it wakes somebody for what was (end).
//
// By (1) an event published before a worker announced its sleep is found by that worker, one published after it finds the worker
// parked. By (3) a publisher that leaves an event to a searcher is right: if the searcher went off to run something else, it
// looks once more for what it left behind and wakes the next worker for that (spread). By (4) a publisher that went by an old
// plan is covered: whoever serves the stage under the new plan is woken after the event was published; and a worker that
// loses a stage looks at it a last time (adopt). By (6) nobody is woken for a shard that another worker runs, be it the
// only one of a serial stage or one of a keyed stage's: that worker looks again when it gives the token up. The bits of a keyed
// stage's shards, active, are to the shards what ready is to stages, and are set before ready is looked at.
//
// model/ has all of this as models to be checked: the pairs, debts, plans and tokens; keyed.pml the bits and tokens of shards, handover.pml
// a token that comes with the events, blocking.pml slots in place of tokens, slots.pml how many of
// them may be used, line.pml the calls that wait at inlets. scenarios_test.go
// and its like try the code itself on schedules made of seeds.
//
// Timers need no waker. A worker arms and fires its own, between batches and nowhere else, so none is added after it has looked how long
// it may sleep; it announces its sleep first, and when the time-out ends it, looks at everything as after any other. The bit in
// parked may then still be set: whoever claims the worker meanwhile spends a wake-up too many. Events whose time has come and that do not
// fit are to pair (5) what debts are.
//
// A waker first claims the sleeper by clearing its parked bit, so two wakers never spend two wake-ups on one worker and the
// second event wakes the second worker. A claimed worker counts as searching until it has looked.
//
// Rejected: a counter of searching workers as in the Go scheduler (two contended read-modify-writes each time a worker runs dry,
// about 100 ns each way between cores; here a worker writes its own line and only a publisher that found somebody asleep reads
// it); waking a worker for each event (a syscall each); clearing ready at every empty look (two more contended writes per hop).

const (
	searching = iota // also: asleep and claimed, or not yet started
	running
	asleep
)

// signal is called after an event was published into a ring of s and a full fence. w is the publishing worker, nil for an ordinary
// goroutine. It costs two loads of rarely written lines unless a worker sleeps.
func (e *Engine) signal(s *stageCore, w *worker, now Time) {
	if !e.ready.has(s.id) {
		e.ready.set(s.id)
	}
	if !e.parked.any() {
		return
	}
	if w != nil && w.mask.Has(s.id) && (len(w.debts) == 0 || !s.owes(w.id)) {
		return // w looks at s before it sleeps, and wakes the next one if it finds more than it takes (spread)
	}
	e.wakeFor(s, now)
}

// wakeFor wakes one parked worker that serves s, if there is one, unless one that serves it is searching or s is taken. Workers that owe for
// s cannot run it: they are woken when there is room for the debt, and then look at s too.
func (e *Engine) wakeFor(s *stageCore, now Time) {
	if (s.guarded || s.blocking) && !s.run.runnable() {
		if s.blocking {
			e.controller.stir() // pair (7): another slot may be used if the policy says so
		}
		return // pair (6)
	}
	yield.Point()
	p := e.plan.Load()
	eligible := &p.eligible[s.id]
	parked := e.parked.load()
	awake := eligible.AndNot(&parked)
	for i := awake.Next(0); i >= 0; i = awake.Next(i + 1) {
		yield.Point()
		if e.workers[i].willLook(now) && !s.owes(i) {
			return // pair (3)
		}
	}
	sleepers := eligible.And(&parked)
	first := sleepers.Next(0)
	for first >= 0 && s.owes(first) {
		first = sleepers.Next(first + 1)
	}
	if first < 0 {
		return // all are busy: each looks when its batch is done
	}
	cold := awake.Empty() && e.allAsleep(&sleepers)
	if e.wake(first, now) && cold { // else it has just been claimed, or has not slept after all: it is searching
		e.coldWakes.Add(1)
	}
}

// allAsleep reports whether every worker in the set has gone past its last look.
func (e *Engine) allAsleep(set *sched.Set) bool {
	for i := set.Next(0); i >= 0; i = set.Next(i + 1) {
		if e.workers[i].state.Load() != asleep {
			return false
		}
	}
	return true
}

// wake claims worker i if it is parked and gets it going, at about the time now. It reports whether the claim was its own.
func (e *Engine) wake(i int, now Time) bool {
	if !e.parked.clear(i) {
		return false
	}
	w := e.workers[i]
	release.StoreInt(&w.wokenAt, int64(now))
	yield.Point()
	w.parker.unpark()
	return true
}

// wakeAll wakes the workers in set that are parked.
func (e *Engine) wakeAll(set sched.Set, now Time) {
	for i := set.Next(0); i >= 0; i = set.Next(i + 1) {
		e.wake(i, now)
	}
}

// activate marks shards that events were published into before a full fence, in a stage that has several: pair (2).
func (s *stageCore) activate(shards *sched.Set) {
	for i := shards.Next(0); i >= 0; i = shards.Next(i + 1) {
		if !s.active.has(i) {
			s.active.set(i)
		}
	}
	*shards = sched.Set{}
}

// clean clears the ready bit of a stage that looked empty, and sets it again if that was wrong: pair (2).
func (e *Engine) clean(s *stageCore) {
	e.ready.clear(s.id)
	if s.run.pending() {
		e.ready.set(s.id)
	}
}

// spread wakes a worker for every stage with events that a worker, which is about to run a batch, leaves behind and a sleeper could run: also for
// one that had no room ahead until the batch was taken just now. One stage is not enough: whoever is woken for it may find it taken or
// held up, go back to sleep, and never look at the others.
func (e *Engine) spread(now Time) {
	release.Fence() // between freeing the slots of that batch and looking at what the stages before it have
	ready := e.ready.load()
	for i := ready.Next(0); i >= 0; i = ready.Next(i + 1) {
		if s := e.stages[i]; s.run.runnable() && (s.admits() || s.run.ended()) {
			e.wakeFor(s, now)
		}
	}
}
