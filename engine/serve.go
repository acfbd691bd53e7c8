package engine

import (
	"time"

	"github.com/seda-go/seda/internal/invariant"
)

// giveUpLooking is how many looks in vain a worker takes before it clears a stage's ready bit, which costs it, and the next
// publisher, a contended write. A spinning partner answers well within it.
const giveUpLooking = 256

// giveUpShard is the same for the bit of a shard. It is less, since every bit that is set for nothing makes the search for the next
// shard longer.
const giveUpShard = 16

// serve takes one batch of s and runs it to its end. It reports whether there was anything to run.
func (s *Stage[T]) serve(w *worker) bool {
	if s.blocking {
		return s.serveOutside(w)
	}
	if !s.take(w.id) {
		return false
	}
	h := &s.hands[w.id]
	w.begin(&s.stageCore, h.shard, h.n, Time(h.head))
	s.took(w, h)
	w.follow(s.complete(w, h))
	return true
}

// take pops a batch into the hand, and takes the token of the shard that it comes from. It reports false if there is nothing to run, or
// not now.
func (s *Stage[T]) take(hand int) bool {
	limit := int(s.most.Load())
	for _, ed := range s.outs {
		if limit = ed.limit(hand, limit); limit == 0 {
			s.heldUp(hand)
			return false
		}
	}
	h := &s.hands[hand]
	if s.guarded && !s.grab(hand, h) {
		return false
	}
	h.batch, h.n, h.i, h.head = h.buf[:limit], 0, 0, 0
	sh := &s.shards[h.shard]
	if a := s.asked.Load(); a == nil {
		sh.fill(h, s.mixOf(sh, h), limit)
	} else {
		s.fillFor(a, sh, h, s.mixOf(sh, h), limit)
	}
	if h.n == 0 {
		if s.guarded {
			s.tokens[h.shard].giveUp() // pair (6): who takes serves s, and looks again before it sleeps
		}
		s.missed(h)
		return false
	}
	h.misses = 0
	return true
}

// heldUp notes that a full ring ahead, or a debt, keeps the hand from events that wait. The worker has nothing better to do for this stage than
// to look whether there are any.
func (s *Stage[T]) heldUp(hand int) {
	if s.pending() {
		add(&s.hands[hand].count.held, 1)
	}
}

// took notes how long the batch has waited, and takes out of it what has waited too long.
func (s *Stage[T]) took(w *worker, h *hand[T]) {
	add(&h.count.wait, uint64(max(int64(w.now)-h.head, 0)))
	if s.noted {
		s.expire(w, h)
	}
}

// mixOf returns whose turn it is among the sources of the shard, as far as w knows.
func (s *Stage[T]) mixOf(sh *shard[T], h *hand[T]) *mix {
	if s.guarded {
		return &sh.mix
	}
	return &h.mix
}

// grab takes the token of a shard that has events, the next one round.
func (s *Stage[T]) grab(hand int, h *hand[T]) bool {
	if len(s.shards) == 1 {
		return s.tokens[0].take(hand)
	}
	active := s.active.load()
	for _, from := range [2]int{h.next, 0} {
		for k := active.Next(from); k >= 0; k = active.Next(k + 1) {
			active.Remove(k)
			if s.tokens[k].taken() {
				continue
			}
			if !s.shards[k].pending() {
				s.seenEmpty(h, k)
				continue
			}
			if s.tokens[k].take(hand) {
				h.vain[k] = 0
				h.shard, h.next = k, k+1
				return true
			}
		}
	}
	s.missed(h)
	return false
}

// seenEmpty notes a look at a shard in vain, and clears its bit after a few: pair (2).
func (s *Stage[T]) seenEmpty(h *hand[T], shard int) {
	if s.shards[shard].claimed() {
		add(&h.count.stalls, 1)
	}
	if h.vain[shard]++; h.vain[shard] < giveUpShard {
		return
	}
	h.vain[shard] = 0
	s.active.clear(shard)
	if s.shards[shard].pending() {
		s.active.set(shard)
		if !s.e.ready.has(s.id) { // whoever cleaned the stage just now did not see the bit
			s.e.ready.set(s.id)
		}
	}
}

// missed counts a look in vain, and a stall if an event was there: a goroutine was stopped between claiming its slot and publishing.
func (s *Stage[T]) missed(h *hand[T]) {
	if len(s.shards) == 1 && s.shards[0].claimed() {
		add(&h.count.stalls, 1)
		return
	}
	if h.misses++; h.misses >= giveUpLooking {
		h.misses = 0
		s.e.clean(&s.stageCore)
	}
}

// resume goes on with the batch in whose middle a handler left its goroutine, and ends the turn. The batch of a blocking stage has been
// handed in by then.
func (s *Stage[T]) resume(w *worker) {
	if s.blocking {
		w.ctx.stage = nil
		w.end()
		return
	}
	w.follow(s.complete(w, &s.hands[w.id]))
}

// complete runs the handler on what is left of the batch, and ends the batch. It returns the edge over which w goes on at once, or nil.
func (s *Stage[T]) complete(w *worker, h *hand[T]) outEdge {
	for h.i < h.n {
		s.call(&w.ctx, h)
	}
	return s.finish(w, h)
}

// call runs the handler until the batch is done or the handler panics.
func (s *Stage[T]) call(c *Context, h *hand[T]) {
	returned := false
	defer func() {
		if !returned {
			s.caught(c, h, recover())
		}
	}()
	c.each = s.each()
	if c.each {
		for ; h.i < h.n; h.i++ {
			if s.noted {
				c.note = h.notes[h.i]
			}
			c.begin(1)
			if err := c.verdict(s.handle(c, h.batch[h.i])); err != nil {
				s.fail(c, h.i, err)
			}
		}
	} else {
		c.begin(h.n)
		if s.noted {
			c.notes = h.notes[:h.n]
		}
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
	failed := s.conclude(&w.ctx, h)
	start := w.now
	w.now = w.e.now()
	if len(w.ctx.asked) > 0 {
		w.arm(&w.ctx)
	}
	for _, ed := range s.outs {
		if next == nil && ed.claim(w) {
			next = ed
			continue
		}
		ed.flush(w, w.id)
	}
	w.sendReplies()
	busy := w.now.Sub(start)
	s.account(w, h, failed, busy, w.lost(s.id, busy))
	if busy > longBatch {
		add(&h.count.long, 1)
	}
	w.picker.Charge(s.id, int64(busy))
	if s.guarded && (len(w.debts) == 0 || !s.owes(w.id)) {
		s.release(w.id)
	}
	return next
}

// conclude closes the context of a batch, and does what there is to do for its failed events.
func (s *Stage[T]) conclude(c *Context, h *hand[T]) (failed int) {
	c.stage = nil
	if s.noted {
		c.note, c.notes = noNote, nil
	}
	if len(c.failed) > 0 {
		failed = s.dispose(c, h)
	}
	return failed
}

// account enters a batch that w ends in the books, and forgets it. Who reads meanwhile may find a part of it. That it was without a CPU for a while is no
// matter of the handler, and not in what is known of its batches.
func (s *Stage[T]) account(w *worker, h *hand[T], failed int, busy, lost time.Duration) {
	if s.pointers {
		clear(h.batch[:h.n])
	}
	n, t := uint64(h.n), uint64(busy-lost)
	if lost > 0 {
		add(&h.count.lost, uint64(lost)) // before busy, which is read first: their sum never falls
	}
	add(&h.count.busy, t)
	add(&h.count.squares, n*n)
	add(&h.count.products, n*t)
	add(&h.count.batches, 1)
	if n > 0 {
		s.hands[w.id].sojourn.add(w.now.Sub(Time(h.head)))
	}
	add(&h.count.completed, uint64(h.n-failed))
	if failed > 0 {
		add(&h.count.failed, uint64(failed))
	}
}

func (s *Stage[T]) release(hand int) {
	if s.guarded {
		t := &s.tokens[s.hands[hand].shard]
		if invariant.Enabled {
			owner := t.owner.Load()
			invariant.Check(owner == int32(hand)+1, "stage %s run by %d is owned by %d", s.name, hand, owner-1)
		}
		t.giveUp()
	}
	if s.blocking {
		s.outside.free.put(hand - s.outside.first)
	}
}

// relieve wakes workers and Submit calls that wait for room in the rings of the shard, once these are half empty.
func (s *stageCore) relieve(shard int, now Time) {
	for c := range s.classes {
		if s.waiting[c].any() && s.run.free(shard, c) >= s.capacity/2 {
			s.e.wakeAll(s.waiting[c].take(), now)
		}
	}
	for _, in := range s.inlets {
		in.relieve(shard)
	}
}
