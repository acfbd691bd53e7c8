package engine

// claim reports whether w may run what its batch emitted as the next stage's batch, instead of pushing it: w serves that stage too, which
// is downstream and does not block; nothing waits in the rings of the shard, which would be overtaken, or the stage promises no order; the batch is of one
// shard and class, not too large by the plan as by the stage, and its outputs have room; the turn is not over; and, if the stage is guarded, its token is
// w's from now on.
//
// That batches overtake is what brings hand-over back. If they did not, then workers that once left something in a ring, for instance as a plan changed,
// would push behind it and find what others pushed behind that: under saturation rings are never empty again, and every batch goes through
// them. What waits does not starve, since the worker looks downstream first when its turn is over, what a stage in debt costs is charged
// to the one before it, and the outputs then have room: for as much again as overtakes. If they had not, what waits would be held up whenever the worker came
// to it, while room that others made during the batch before went to what that emitted.
func (ed *Edge[T]) claim(w *worker) bool {
	first, s := ed.box(w.id, 0), ed.to
	b := first
	if ed.parts > 1 {
		if len(first.filled) != 1 {
			return false
		}
		first.direct = first.filled[0]
		b = ed.box(w.id, first.direct)
	}
	n := len(b.items)
	if n == 0 || s.blocking || n > int(s.most.Load()) || s.id >= ed.from.id || !w.mask.Has(s.id) || w.now >= w.turnEnd {
		return false
	}
	if !w.plan.loose.Has(s.id) && !s.shards[b.shard].empty() || w.e.plan.Load() != w.plan || w.e.sometimes(8) {
		return false
	}
	for _, out := range s.outs {
		if room := out.limit(w.id, 2*n); room < n || room < 2*n && !s.shards[b.shard].empty() {
			return false
		}
	}
	return !s.guarded || s.tokens[b.shard].take(w.id)
}

// handOver runs what was emitted as a batch of the next stage. Outbox and hand exchange their buffers, so the edge can be used at once.
func (ed *Edge[T]) handOver(w *worker) outEdge {
	first, s := ed.box(w.id, 0), ed.to
	b := ed.box(w.id, first.direct)
	h := &s.hands[w.id]
	n := len(b.items)
	h.batch, b.items, h.buf = b.items, h.buf[:0], b.items[:cap(b.items)]
	h.n, h.i, h.shard, h.head = n, 0, b.shard, int64(w.now)
	if ed.parts > 1 {
		ed.owe(w.id) // nothing: forgets the outbox
	}
	add(&first.entered, uint64(n))
	add(&h.popped[0], uint64(n))
	add(&h.count.direct, uint64(n))
	if ed.seen != nil {
		ed.seen(h.batch)
	}
	w.enter(&s.stageCore, b.shard, n)
	if s.noted {
		for i := range n {
			h.notes[i], h.expires[i] = s.entering(b.notes[i]), b.notes[i].deadline
		}
		b.notes = b.notes[:0]
	}
	if a := s.asked.Load(); a != nil {
		s.showDirect(a, h)
	}
	if s.noted {
		s.expire(w, h)
	}
	return s.complete(w, h)
}
