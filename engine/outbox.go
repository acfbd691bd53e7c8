package engine

import (
	"fmt"
	"sync/atomic"
)

// outbox is what was emitted out of one hand for one ring of an edge's target and is not pushed yet. Only who has the hand touches it, but
// for the atomics, which he writes and others read. What stands below the first line is in use in the first outbox only, for all of them.
type outbox[T any] struct {
	items  []T
	notes  []note // beside items, where the target has notes
	sent   int    // items[:sent] are pushed already
	seq    uint64 // Context.seq at the last Emit
	mark   int    // len(items) when that event began: what withdrawing it cuts back to
	limit  int    // len(items) at which that event has emitted too much
	room   int    // Fail edges: len(items) at which the ring counts as full
	credit int    // free slots of the ring at the last look, less what was pushed since; others push too, so it can be too high
	shard  int    // of the target, where the ring is
	class  int
	listed bool // in filled

	filled  []int         // targets of several rings: outboxes in use
	direct  int           // the outbox that was claimed for direct hand-over
	tally   int           // several rings: events that the current event has emitted, as long as tallied is its seq
	tallied uint64        //
	packed  []noted[T]    // scratch: what goes into a ring together with notes
	entered atomic.Uint64 // events; what is owed has entered
	dropped atomic.Uint64
	owed    atomic.Uint64 // events in debt
	_       [cacheLine]byte
}

// box returns what was emitted out of hand for one part of the target; the first one has the books.
func (ed *Edge[T]) box(hand, part int) *outbox[T] { return &ed.out[hand*ed.parts+part] }

func (ed *Edge[T]) open(hands int) {
	ed.cyclic = ed.target.reaches(ed.from, map[*stageCore]bool{})
	ed.parts = ed.to.shardCount(len(ed.to.e.workers)) * ed.to.classes
	ed.out = make([]outbox[T], hands*ed.parts)
	ed.asked = make([]asked[T], hands)
	ed.later = make([]later[T], len(ed.to.e.workers))
	for i := range ed.out {
		b := &ed.out[i]
		b.room = noLimit
		if ed.Timed {
			b.room = 0
		}
		b.shard, b.class = i%ed.parts/ed.to.classes, i%ed.to.classes
		if ed.parts == 1 { // else as they are needed
			b.renew(ed)
		}
	}
}

// renew makes room for one batch of outputs within reason, and for a whole batch of the next stage, since the two exchange buffers
// (handOver).
func (b *outbox[T]) renew(ed *Edge[T]) {
	b.items = make([]T, 0, ed.usual())
	if ed.to.noted {
		b.notes = make([]note, 0, ed.usual())
	}
}

// usual is the size an outbox begins with, and comes back to after it had to grow far beyond.
func (ed *Edge[T]) usual() int { return max(min(ed.from.maxBatch*ed.MaxOut, 4096), ed.to.maxBatch) }

// begin notes where the outputs of a new event start.
func (b *outbox[T]) begin(c *Context, maxOut int) {
	b.seq = c.seq
	b.mark = len(b.items)
	b.limit = min(b.mark+runaway*maxOut*c.scope, b.room)
}

// route is Emit with a note, to any target.
func (ed *Edge[T]) route(c *Context, v T, n note) {
	part := 0
	if ed.Timed {
		ed.over(c, ed.box(c.worker, 0), 1)
		return
	}
	if ed.parts > 1 {
		part = ed.partOf(v, n)
		first := ed.box(c.worker, 0)
		if first.tallied != c.seq {
			first.tallied, first.tally = c.seq, 0
		}
		if first.tally++; first.tally > runaway*ed.MaxOut*c.scope {
			ed.over(c, first, 0)
			return
		}
	}
	b := ed.box(c.worker, part)
	ed.list(c.worker, part)
	if b.seq != c.seq {
		b.begin(c, ed.MaxOut)
	}
	if len(b.items) >= b.limit {
		ed.over(c, b, 1)
		return
	}
	b.add(ed, v, n)
}

// partOf returns the ring that v belongs into.
func (ed *Edge[T]) partOf(v T, n note) int {
	return ed.to.shardOf(v)*ed.to.classes + min(int(n.class), ed.to.classes-1)
}

// list notes that the outbox is in use.
func (ed *Edge[T]) list(hand, part int) {
	b := ed.box(hand, part)
	if ed.parts == 1 || b.listed {
		return
	}
	first := ed.box(hand, 0)
	first.filled = append(first.filled, part)
	b.listed = true
	if cap(b.items) == 0 {
		b.items = make([]T, 0, ed.to.maxBatch)
	}
	if ed.Full == Fail {
		b.room = ed.source(b).free()
	}
}

func (b *outbox[T]) add(ed *Edge[T], v T, n note) {
	b.items = append(b.items, v)
	if ed.to.noted {
		b.notes = append(b.notes, n)
	}
}

// put sends v for the engine itself, whatever room there is: what failed, for instance.
func (ed *Edge[T]) put(hand int, v T) {
	part := 0
	if ed.parts > 1 {
		shard, err := ed.to.trySharding(v)
		if err != nil {
			add(&ed.box(hand, 0).dropped, 1)
			ed.to.e.logKeyless(&ed.edgeCore, err)
			lose(&v, fmt.Errorf("edge %s: key: %w", ed.name(), err))
			return
		}
		part = shard * ed.to.classes
	}
	ed.list(hand, part)
	ed.box(hand, part).add(ed, v, noNote)
}

// source returns the ring that what is in b goes into.
func (ed *Edge[T]) source(b *outbox[T]) *source[T] { return &ed.to.shards[b.shard].rings[b.class] }

// admits is always true of a target with several rings: which one an event will go to is not known before. There a debt holds the stage
// back.
func (ed *Edge[T]) admits() bool {
	return !ed.blocks() || ed.parts > 1 || ed.source(&ed.out[0]).free() >= ed.MaxOut
}

func (ed *Edge[T]) limit(hand, batch int) int {
	b := ed.box(hand, 0)
	if ed.parts > 1 {
		if b.owed.Load() > 0 {
			return 0
		}
		return batch
	}
	if len(b.items) > 0 {
		return 0
	}
	if ed.Timed {
		return batch
	}
	switch ed.Full {
	case Drop:
		return batch
	case Fail: // events fail by what they see: it has to be recent
		b.room = ed.source(b).free()
		return batch
	}
	if b.credit >= batch*ed.MaxOut {
		return batch
	}
	b.credit = ed.source(b).free()
	return min(batch, max(b.credit, 0)/ed.MaxOut)
}

func (ed *Edge[T]) owed(hand int) int { return int(ed.box(hand, 0).owed.Load()) }

func (ed *Edge[T]) owedByAll() (n int) {
	for i := range ed.out {
		n += int(ed.out[i].owed.Load())
	}
	return n
}

func (ed *Edge[T]) await(w *worker, hand int) {
	if ed.parts == 1 {
		ed.target.waiting[0].set(w.id)
		return
	}
	for _, part := range ed.box(hand, 0).filled {
		ed.target.waiting[ed.box(hand, part).class].set(w.id)
	}
}

func (ed *Edge[T]) withdraw(hand int, seq uint64) {
	ed.asked[hand].cut(seq)
	first := ed.box(hand, 0)
	if ed.parts == 1 {
		ed.cut(first, seq)
		return
	}
	for _, part := range first.filled {
		ed.cut(ed.box(hand, part), seq)
	}
}

// cut takes what the event emitted out of the outbox.
func (ed *Edge[T]) cut(b *outbox[T], seq uint64) {
	if b.seq != seq || len(b.items) == b.mark {
		return
	}
	if ed.to.pointers {
		clear(b.items[b.mark:])
	}
	b.items = b.items[:b.mark]
	if ed.to.noted {
		b.notes = b.notes[:b.mark]
	}
}

// entered returns how many events have entered the target over the edge. The first outbox of a hand has the books.
func (ed *Edge[T]) entered() (n uint64) {
	for i := 0; i < len(ed.out); i += ed.parts {
		n += ed.out[i].entered.Load()
	}
	for i := range ed.later {
		n += ed.later[i].entered.Load()
	}
	return n
}

func (ed *Edge[T]) stats() EdgeStats {
	s := EdgeStats{From: ed.from.name, To: ed.target.name, Full: ed.Full, Failure: ed.failure, Timed: ed.Timed}
	for i := 0; i < len(ed.out); i += ed.parts {
		s.Dropped += ed.out[i].dropped.Load()
	}
	s.Entered = ed.entered()
	s.Owed, s.Pending = ed.owedByAll(), ed.pending()
	s.Emitted = s.Entered + s.Dropped
	return s
}

// sweep throws away all debts and pending events once the workers are gone, and says how many events that were.
func (ed *Edge[T]) sweep(err error) (n int) {
	for i := range ed.out {
		b := &ed.out[i]
		for k := b.sent; k < len(b.items); k++ {
			lose(&b.items[k], err)
			n++
		}
		b.reset(true)
	}
	for i := range ed.later {
		n += ed.later[i].discard(err)
	}
	return n
}
