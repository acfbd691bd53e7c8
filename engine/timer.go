package engine

import "time"

// timers is what one worker has to do at a later time. Only the worker touches it while the engine runs: it arms a timer when the batch
// that asked for it has ended well, looks at the time where it has it anyway (at the end of a batch, now and then while it spins), and
// sleeps no longer than until the next timer. So nobody ever has to wake it for a timer.
type timers struct {
	alarm Time      // when fire has to be called: never later than the first timer is due
	late  []outEdge // edges with events whose time has come and that did not fit; they hold nothing back
	wheel *wheel    // nil until the first timer
	edges []outEdge // those this worker has, or had, timers of, by the number in the timer
	due   []timer   // given out by the wheel
	fired int       // due[:fired] are done
}

// arm makes good what a batch asked for and did not withdraw.
func (w *worker) arm(c *Context) {
	for i, ed := range c.asked {
		ed.arm(w, c.worker)
		c.asked[i] = nil
	}
	c.asked = c.asked[:0]
}

// schedule puts what into the wheel.
func (w *worker) schedule(what timer) {
	t := &w.timers
	if t.wheel == nil {
		t.wheel = newWheel(w.now)
	}
	t.wheel.add(what)
	t.alarm = min(t.alarm, what.due)
}

// fire does what is due at w.now. It begins with what an earlier call left: a periodic event may end the goroutine.
func (w *worker) fire() {
	t := &w.timers
	if t.fired == len(t.due) {
		t.due, t.fired = t.wheel.take(w.now, t.due[:0]), 0
	}
	for t.fired < len(t.due) {
		what := t.due[t.fired]
		t.fired++
		if what.edge == periodicEdge {
			w.e.tickers[what.slot].tick(w, what)
			continue
		}
		t.edges[what.edge].ripen(w, what.slot)
	}
	t.alarm = t.wheel.next()
	if len(t.late) > 0 {
		w.payDebts()
	}
}

// untilAlarm returns how long w may sleep. If that is not at all, w.now is the time at which fire has something to do.
func (w *worker) untilAlarm() time.Duration {
	if w.timers.alarm == never {
		return noLimit
	}
	now := w.e.now()
	if now >= w.timers.alarm {
		w.now, w.fresh = now, true
	}
	return w.timers.alarm.Sub(now)
}

// deliver pushes what fits of the events whose time has come, and reports whether that was anything.
func (w *worker) deliver() (moved bool) {
	t := &w.timers
	kept := t.late[:0]
	for _, ed := range t.late {
		some, rest := ed.deliver(w)
		moved = moved || some
		if rest > 0 {
			kept = append(kept, ed)
		}
	}
	clear(t.late[len(kept):])
	t.late = kept
	return moved
}

// endTimers takes everything out of the wheel of a worker that is gone, for sweep to find.
func (w *worker) endTimers() {
	t := &w.timers
	if t.wheel == nil {
		return
	}
	for _, what := range t.wheel.take(never, t.due[t.fired:]) {
		if what.edge != periodicEdge {
			t.edges[what.edge].ripen(w, what.slot)
		}
	}
}
