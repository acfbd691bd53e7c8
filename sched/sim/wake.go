package sim

import "github.com/seda-go/seda/sched"

// signal tells whoever has to know of the events that w published. w itself has looked already.
func (w *worker) signal(r *run) {
	for !w.touched.Empty() {
		i := w.touched.Next(0)
		w.touched.Remove(i)
		s := &r.stages[i]
		r.poke(s)
		if !r.parked.Empty() && !r.serve[w.id].Has(i) {
			r.wakeFor(s, w)
		}
	}
}

// poke lets workers that search find what is in s.
func (r *run) poke(s *stage) {
	if r.searching.Empty() {
		return
	}
	able := r.searching.And(&r.eligible[s.id])
	for i := able.Next(0); i >= 0 && s.runnable(); i = able.Next(i + 1) {
		if v := &r.workers[i]; r.searching.Has(i) {
			v.search(r)
		}
	}
}

// search is a look of a worker that searches, after something was published or has got room.
func (w *worker) search(r *run) {
	r.searching.Remove(w.id)
	w.lag += r.y.Costs.Look
	if w.tryTurn(r) {
		w.spent.Idle += r.now - w.since
		w.signal(r)
		return
	}
	w.lag -= r.y.Costs.Look
	r.searching.Add(w.id)
}

// wakeFor wakes a worker that sleeps for what is in s, unless somebody will look who is awake. w does so; nil if nobody in particular.
func (r *run) wakeFor(s *stage, w *worker) {
	if !s.runnable() {
		return
	}
	able := &r.eligible[s.id]
	if a, b := able.And(&r.searching), able.And(&r.waking); !a.Empty() || !b.Empty() {
		return
	}
	brisk := able.And(&r.brisk)
	for i := brisk.Next(0); i >= 0; i = brisk.Next(i + 1) {
		if r.workers[i].willEnd(r) {
			return
		}
	}
	sleepers := able.And(&r.parked)
	if i := sleepers.Next(0); i >= 0 {
		r.wake(i)
		if w != nil {
			w.lag += r.y.Costs.Signal
		}
	}
}

// wake gets a worker that sleeps going.
func (r *run) wake(i int) {
	if !r.parked.Has(i) {
		return
	}
	w := &r.workers[i]
	r.parked.Remove(i)
	r.waking.Add(i)
	w.spent.Wakes++
	r.cal.set(i, r.now+int64(r.y.Costs.Wake))
}

func (r *run) wakeAll(set sched.Set) {
	for i := set.Next(0); i >= 0; i = set.Next(i + 1) {
		r.wake(i)
	}
}

// spread wakes a worker for each stage with events that w, which has just taken a batch, leaves behind.
func (r *run) spread(w *worker) {
	for i := r.ready.Next(0); i >= 0; i = r.ready.Next(i + 1) {
		s := &r.stages[i]
		if _, ahead := s.room(r, 1); ahead == nil {
			r.wakeFor(s, w)
		}
	}
}

// madeRoom tells whoever waits for room in the rings of s: those who search at once, sleepers when there is enough.
func (r *run) madeRoom(s *stage) {
	if !s.holds.Empty() {
		held := s.holds
		s.holds = sched.Set{}
		for i := held.Next(0); i >= 0; i = held.Next(i + 1) {
			r.poke(&r.stages[i])
		}
	}
	if s.waiting.Empty() {
		return
	}
	if s.over == 0 && (s.single == nil || s.single.free() >= s.single.capacity/2) {
		sleepers := s.waiting
		s.waiting = sched.Set{}
		r.wakeAll(sleepers)
	}
}
