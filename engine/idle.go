package engine

import (
	"time"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/internal/yield"
)

// idler decides how long a worker that found nothing spins before it sleeps. It is a pure state machine; the worker feeds it times.
//
// Sleeping costs the next event a wake-up. Spinning for twice that cost before sleeping is at worst a constant factor from what a
// prophet would spend (the ski-rental argument), and worth nothing when events come rarely; so a worker spins only while events
// come closer together than that, by a moving average. Spins that end in sleep anyway are paid out of a budget that grows by a
// twentieth of the time that passes.
type idler struct {
	mode   Idle
	wake   time.Duration // what waking this worker usually takes, measured from the waker's claim
	gap    time.Duration // moving average of the time from running dry to the next batch
	credit time.Duration // what may still be spent on spins in vain
	last   Time          // when credit was last brought up to date
	turn   time.Duration // moving average of what a turn with a batch takes, times forget
}

const (
	spinShare   = 20 // one part in so many of the time may go to spins in vain
	spinSavings = 16 // so many spins in vain may be saved up
	rareWake    = 4  // a wake-up counts for so many usual ones at most
	standing    = 4  // events that wait for so many wake-ups are shared: with 2 and 8, engine.pipe takes a tenth more and a tenth less
	forget      = 8  // weight of a new sample in the moving averages: one in so many
)

// budget returns how long to spin from now on; replied says that the worker has just woken callers, who may well be waiting for the P
// that it would keep busy.
func (d *idler) budget(now Time, replied bool) time.Duration {
	switch {
	case d.mode == Spin:
		return noLimit
	case d.mode == Park || replied:
		return 0
	}
	spin := 2 * d.wake
	d.credit = min(d.credit+now.Sub(d.last)/spinShare, spinSavings*spin)
	d.last = now
	if d.gap >= spin || d.credit < spin {
		return 0
	}
	return spin
}

// inVain notes a spin that found nothing.
func (d *idler) inVain(spent time.Duration) { d.credit -= spent }

// found notes that the worker had nothing to do for gap. A long gap counts as a few spins, so that a burst is noticed soon.
func (d *idler) found(gap time.Duration) {
	gap = min(gap, 2*forget*d.wake)
	d.gap += (gap - d.gap) / forget
}

// turned notes how long a turn took. It reports whether turns are so short beside a wake-up that nobody needs to be woken for what comes while
// one runs: half of that, so that who comes in the middle of two long ones does not wait for longer, either.
func (d *idler) turned(took time.Duration) bool {
	d.turn += took - d.turn/forget
	return d.turn/forget < d.patience()/2
}

// patience returns for how long what comes may be left to a worker with a batch in hand: as long as a wake-up takes. Where wake-ups take long
// since CPUs are short that is no reason to wait for long once there is one again, and a worker that never sleeps does not learn of it.
func (d *idler) patience() time.Duration { return min(d.wake, rescueEvery) }

// woke notes how long a wake-up took. What is kept is a moving average in which none counts for more than a few times the average so far: a CPU that
// somebody else has taken makes a wake-up take a thousand times as long, and says nothing about the next.
func (d *idler) woke(cost time.Duration) {
	if d.wake == 0 {
		d.wake = cost
	}
	d.wake = max(d.wake+(min(cost, rareWake*d.wake)-d.wake)/forget, forget)
}

// idle is called when w found nothing to run: spin for a while, then sleep. It returns when there may be something to do.
func (w *worker) idle() {
	e := w.e
	if w.probed.word != nil {
		w.atNothing()
	}
	since := w.now
	if !w.fresh {
		since = e.now()
	}
	replied := w.rest() > 0
	budget := w.idler.budget(since, replied)
	if budget > 0 && w.idler.mode != Spin && w.covered(since) {
		budget = 0
	}
	if budget > 0 && !w.plan.draining && !invariant.Sometimes(8) {
		if w.spin(since, budget) {
			return
		}
		w.idler.inVain(budget)
	}
	w.park(since)
}

// covered reports whether another worker serves all that w does, and will look at it soon: one that looks is enough. A second one takes a CPU away
// from whoever else has something to do, and would have to be woken only when events wait for longer than that takes. Of two that search the one
// with the smaller number goes on.
func (w *worker) covered(now Time) bool {
	for i, v := range w.e.workers {
		if v == w || w.e.parked.has(i) || !v.willLook(now) || i > w.id && v.state.Load() != running {
			continue
		}
		if rest := w.mask.AndNot(&w.plan.serve[i]); rest.Empty() {
			return true
		}
	}
	return false
}

// rest notes that w has nothing in hand. It returns how many callers the last turns have woken.
func (w *worker) rest() (replied int) {
	w.fresh = false
	release.Relaxed(&w.inHand, 0)
	yield.Point()
	release.Store(&w.state, searching) // seen late it costs a wake-up too many
	replied, w.replied = w.replied, 0
	return replied
}

// spin looks for work until budget is used up. It reports whether it ran a batch, or has a timer to fire or a new plan to look at.
func (w *worker) spin(since Time, budget time.Duration) bool {
	for i := 1; ; i++ {
		if i > spinEager {
			pause()
		}
		if w.e.plan.Load() != w.plan {
			return true
		}
		if w.owing() {
			w.payDebts()
		}
		if w.turn() {
			w.idler.found(w.ctx.now.Sub(since))
			add(&w.searched, uint64(max(w.turnEnd-quantum-since, 0)))
			return true
		}
		if i%spinClock != 0 {
			continue
		}
		now := w.e.now()
		if w.timers.alarm <= now {
			w.now, w.fresh = now, true
			w.idler.found(now.Sub(since))
			return true
		}
		if now.Sub(since) > budget {
			return false
		}
	}
}

const (
	spinEager = 32 // looks without a pause in between: a partner on another core answers within these
	spinClock = 16 // looks between two readings of the clock
)

// park sleeps, if there is nothing to do, at most until w's next timer. See wake.go.
func (w *worker) park(since Time) {
	release.StoreInt(&w.dry, int64(since))
	if most := w.lieDown(); most > 0 {
		w.parker.park(most)
		w.rise(since)
	}
	w.getUp()
}

// lieDown announces that w is about to sleep, and looks at everything once more. It returns how long w may sleep, 0 if it has something to
// do.
func (w *worker) lieDown() (most time.Duration) {
	w.e.parked.set(w.id)
	if most = w.untilAlarm(); most <= 0 || !w.mayPark() {
		return 0
	}
	if w.plan.draining {
		w.e.tellDrain()
	}
	yield.Point()
	release.Store(&w.state, asleep)
	return most
}

// rise accounts for a sleep that has ended; w has had nothing to do since the given time.
func (w *worker) rise(since Time) {
	yield.Point()
	release.Store(&w.state, searching)
	w.now, w.fresh = w.e.now(), true
	if claimed := Time(w.wokenAt.Load()); claimed >= since { // else an old permit, or a timer: nobody woke w from this sleep
		cost := max(w.now.Sub(claimed), 0)
		w.idler.woke(cost)
		add(&w.waking, uint64(cost))
		release.Relaxed(&w.wakeCost, uint64(w.idler.wake))
		w.beBrisk(w.brisk)
	}
	w.idler.found(w.now.Sub(since))
	add(&w.parks, 1)
	add(&w.slept, uint64(w.now.Sub(since)))
}

// getUp takes back the announcement.
func (w *worker) getUp() {
	if w.e.parked.has(w.id) { // no waker claimed w
		w.e.parked.clear(w.id) // if one does so just now, its permit makes the next sleep short
	}
	w.e.watch.stir()
	w.e.controller.stir()
}

// mayPark reports whether there is nothing w could do, and has made sure that it will be woken when that changes. It runs after
// the announcement: the second halves of pairs (1) and (5).
func (w *worker) mayPark() bool {
	yield.Point()
	if w.e.plan.Load() != w.plan {
		return false
	}
	for _, d := range w.debts {
		d.ed.await(w, d.hand)
	}
	for _, ed := range w.timers.late {
		ed.awaitLater(w)
	}
	if w.owing() && w.payDebts() {
		return false
	}
	mine := w.e.ready.within(&w.mask)
	for i := mine.Next(0); i >= 0; i = mine.Next(i + 1) {
		if w.couldRun(w.e.stages[i]) {
			return false
		}
	}
	return true
}

// couldRun reports whether w could run a batch of s now. If s is held up by full rings w asks to be woken when they have room.
func (w *worker) couldRun(s *stageCore) bool {
	if s.blocking && s.run.ended() {
		return true // whatever room there is
	}
	if !s.run.runnable() {
		return false // the owner of a token looks again; if that is w, it owes, and is woken for that
	}
	for _, ed := range s.outs {
		if !s.blocking && ed.owed(w.id) > 0 {
			return false // a debt, asked for above
		}
		if ed.admits() {
			continue
		}
		ed.await(w, w.id)
		if !ed.admits() {
			return false
		}
	}
	return true
}
