package sim

// idler decides for how long a worker that found nothing searches before it sleeps, by the rules of the engine's: not at all if events come further apart
// than two wake-ups take, and for no more than a twentieth of the time in vain.
type idler struct {
	mode   Idle
	wake   int64 // what a wake-up takes, ns
	gap    int64 // moving average of the time from running dry to the next batch
	credit int64 // ns that may still be spent on searches in vain
	last   int64 // when credit was last brought up to date
	turn   int64 // moving average of what a turn takes, times forget
}

const (
	spinShare   = 20 // one part in so many of the time may go to searches in vain
	spinSavings = 16 // so many of them may be saved up
	standing    = 4  // events that wait for so many wake-ups are shared
	forget      = 8  // weight of a new sample in the averages: one in so many
)

func (d *idler) budget(now int64) int64 {
	switch d.mode {
	case Spin:
		return never
	case Park:
		return 0
	}
	spin := 2 * d.wake
	d.credit = min(d.credit+(now-d.last)/spinShare, spinSavings*spin)
	d.last = now
	if d.gap >= spin || d.credit < spin {
		return 0
	}
	return spin
}

func (d *idler) inVain(spent int64) { d.credit -= spent }

func (d *idler) found(gap int64) {
	gap = min(gap, 2*forget*d.wake)
	d.gap += (gap - d.gap) / forget
}

// turned notes how long a turn took, and reports whether turns are short beside a wake-up.
func (d *idler) turned(took int64) bool {
	d.turn += took - d.turn/forget
	return d.turn/forget < d.wake/2
}

// idle is called when w found nothing to run.
func (w *worker) idle(r *run) {
	budget := w.idler.budget(r.now)
	if budget > 0 && w.idler.mode != Spin && w.covered(r) {
		budget = 0
	}
	if budget == 0 {
		w.sleep(r)
		return
	}
	w.since = r.now
	r.searching.Add(w.id)
	r.cal.set(w.id, later(r.now, budget))
}

// later adds to a time, up to never.
func later(now, ns int64) int64 {
	if ns >= never-now {
		return never
	}
	return now + ns
}

// covered reports whether another worker looks, or will soon, at all that w serves: of two that search the one with the lower number goes on.
func (w *worker) covered(r *run) bool {
	for v := r.searching.Next(0); v >= 0 && v < w.id; v = r.searching.Next(v + 1) {
		if rest := r.serve[w.id].AndNot(&r.serve[v]); rest.Empty() {
			return true
		}
	}
	for v := r.brisk.Next(0); v >= 0; v = r.brisk.Next(v + 1) {
		if v == w.id || !r.workers[v].willEnd(r) {
			continue
		}
		if rest := r.serve[w.id].AndNot(&r.serve[v]); rest.Empty() {
			return true
		}
	}
	return false
}

// willEnd reports whether w has a batch in hand that is likely to be over sooner than a wake-up takes.
func (w *worker) willEnd(r *run) bool { return w.stage != nil && r.now-w.began <= w.idler.wake }

// endSearch is called when w ends its search.
func (w *worker) endSearch(r *run) {
	r.searching.Remove(w.id)
	w.spent.Idle += r.now - w.since
}

// sleep puts w to sleep, and asks to be woken when there is room for what it could run then.
func (w *worker) sleep(r *run) {
	w.since = r.now
	r.parked.Add(w.id)
	r.cal.set(w.id, never)
	mine := r.ready.And(&r.serve[w.id])
	for i := mine.Next(0); i >= 0; i = mine.Next(i + 1) {
		if _, ahead := r.stages[i].room(r, 1); ahead != nil {
			ahead.waiting.Add(w.id)
		}
	}
}
