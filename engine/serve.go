package engine

import "github.com/seda-go/seda/internal/invariant"

// giveUpLooking is how many looks in vain a worker takes before it clears a stage's ready bit, which costs it, and the next
// publisher, a contended write. A spinning partner answers well within it.
const giveUpLooking = 256

// serve takes one batch of s and runs it to its end. It reports whether there was anything to run.
func (s *Stage[T]) serve(w *worker) bool {
	limit := s.maxBatch
	for _, ed := range s.outs {
		if limit = ed.limit(w.id, limit); limit == 0 {
			return false
		}
	}
	if s.serial && !s.owner.CompareAndSwap(nobody, int32(w.id)+1) {
		return false
	}
	h := &s.hands[w.id]
	if s.fill(h, limit) == 0 {
		if s.serial {
			s.owner.Store(nobody) // pair (6): w serves s and looks again before it sleeps
		}
		s.missed(h)
		return false
	}
	h.misses = 0
	w.begin(&s.stageCore, h.n)
	add(&h.count.wait, uint64(max(int64(w.now)-h.head, 0)))
	w.follow(s.complete(w, h))
	return true
}

// missed counts a look in vain, and a stall if an event was there: a goroutine was stopped between claiming its slot and publishing.
func (s *Stage[T]) missed(h *hand[T]) {
	for _, q := range s.sources[1:] {
		if q.Len() > 0 {
			add(&h.count.stalls, 1)
			return
		}
	}
	if h.misses++; h.misses >= giveUpLooking {
		h.misses = 0
		s.e.clean(&s.stageCore)
	}
}

// fill takes up to limit events out of the sources, beginning with another one each time.
func (s *Stage[T]) fill(h *hand[T], limit int) int {
	h.batch = h.buf[:limit]
	h.n, h.i, h.head = 0, 0, 0
	k := h.next
	for range s.sources {
		q := s.sources[k]
		if n, stamp := q.PopBatch(h.batch[h.n:]); n > 0 {
			if h.n == 0 || stamp < h.head {
				h.head = stamp
			}
			h.n += n
			add(&h.popped[k], uint64(n))
		}
		if k++; k == len(s.sources) {
			k = 0
		}
		if h.n == limit {
			break
		}
	}
	if h.next++; h.next == len(s.sources) {
		h.next = 0
	}
	return h.n
}

// complete runs the handler on what is left of the batch, and ends the batch. It returns the edge over which w goes on at once, or nil.
func (s *Stage[T]) complete(w *worker, h *hand[T]) outEdge {
	for h.i < h.n {
		s.call(w, h)
	}
	return s.finish(w, h)
}

// call runs the handler until the batch is done or the handler panics.
func (s *Stage[T]) call(w *worker, h *hand[T]) {
	returned := false
	defer func() {
		if !returned {
			s.caught(w, h, recover())
		}
	}()
	c := &w.ctx
	c.each = s.each()
	if c.each {
		for ; h.i < h.n; h.i++ {
			c.begin(1)
			if err := c.verdict(s.handle(c, h.batch[h.i])); err != nil {
				s.fail(c, h.i, err)
			}
		}
	} else {
		c.begin(h.n)
		if err := c.verdict(s.handleBatch(c, h.batch[:h.n])); err != nil {
			s.failAll(c, h.n, err)
		}
		h.i = h.n
	}
	returned = true
}

// finish ends a batch: it flushes or hands over what the batch emitted, answers, and accounts. The order matters: outputs are pushed, or w
// owns the stage they go to, before another worker can run a serial stage, which therefore finds all that its last owner sent in front of
// what it sends itself. Whoever waits for events or for room is told by w.end, behind a fence.
func (s *Stage[T]) finish(w *worker, h *hand[T]) (next outEdge) {
	c := &w.ctx
	c.stage = nil
	failed := 0
	if len(c.failed) > 0 {
		failed = s.dispose(c, h)
	}
	start := w.now
	w.now = w.e.now()
	for _, ed := range s.outs {
		if next == nil && ed.claim(w) {
			next = ed
			continue
		}
		ed.flush(w)
	}
	w.sendReplies()
	if s.pointers {
		clear(h.batch[:h.n])
	}
	busy := w.now.Sub(start)
	add(&h.count.busy, uint64(busy))
	add(&h.count.batches, 1)
	add(&h.count.completed, uint64(h.n-failed))
	if failed > 0 {
		add(&h.count.failed, uint64(failed))
	}
	if busy > longBatch {
		add(&h.count.long, 1)
	}
	w.picker.Charge(s.id, int64(busy))
	if s.serial && (len(w.debts) == 0 || !s.owes(w.id)) {
		if invariant.Enabled {
			owner := s.owner.Load()
			invariant.Check(owner == int32(w.id)+1, "stage %s run by worker %d is owned by %d", s.name, w.id, owner-1)
		}
		s.owner.Store(nobody)
	}
	return next
}

// relieve wakes workers and Submit calls that wait for room in the rings of s, once these are half empty.
func (s *stageCore) relieve(now Time) {
	if s.waiting.any() && s.free() >= s.capacity/2 {
		s.e.wakeAll(s.waiting.take(), now)
	}
	for _, in := range s.inlets {
		in.relieve()
	}
}
