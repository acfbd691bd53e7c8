package engine

import (
	"fmt"

	"github.com/seda-go/seda/internal/yield"
)

// flush pushes what the batch emitted. What does not fit is dropped or owed.
func (ed *Edge[T]) flush(w *worker, hand int) {
	first := ed.box(hand, 0)
	if ed.parts == 1 {
		if len(first.items) == 0 {
			return
		}
		ed.flushBox(w, first, first)
	} else {
		if len(first.filled) == 0 {
			return
		}
		for _, part := range first.filled {
			if b := ed.box(hand, part); len(b.items) > 0 {
				ed.flushBox(w, b, first)
			}
		}
	}
	if ed.owe(hand) > 0 {
		w.debts = append(w.debts, debt{ed, hand})
	}
}

func (ed *Edge[T]) flushBox(w *worker, b, first *outbox[T]) {
	n := len(b.items)
	drops := ed.Full == Drop || ed.Full == Fail && ed.cyclic // a debt on a cycle, which relies on this edge, could wait for itself
	if !drops {
		add(&first.entered, uint64(n)) // before anybody can see them done
	}
	if ed.Full != Block || !w.e.sometimes(64) { // else a debt without need
		ed.push(w, b, first)
	}
	rest := len(b.items) - b.sent
	if rest > 0 {
		b.credit = 0 // it was wrong
	}
	if drops {
		add(&first.entered, uint64(n-rest))
		if rest > 0 {
			ed.drop(b, first)
		}
	}
}

// owe publishes what the hand owes here, and forgets the outboxes that are empty.
func (ed *Edge[T]) owe(hand int) (rest int) {
	first := ed.box(hand, 0)
	if ed.parts == 1 {
		rest = len(first.items) - first.sent
	} else {
		kept := first.filled[:0]
		for _, part := range first.filled {
			b := ed.box(hand, part)
			if n := len(b.items) - b.sent; n > 0 {
				rest += n
				kept = append(kept, part)
			} else {
				b.listed = false
			}
		}
		first.filled = kept
	}
	if uint64(rest) != first.owed.Load() {
		yield.Point()
		first.owed.Store(uint64(rest))
	}
	return rest
}

func (ed *Edge[T]) settle(w *worker, hand int) (moved bool) {
	first := ed.box(hand, 0)
	if ed.parts == 1 {
		moved = ed.push(w, first, first)
	} else {
		for _, part := range first.filled {
			moved = ed.push(w, ed.box(hand, part), first) || moved
		}
	}
	ed.owe(hand)
	return moved
}

// push moves what fits into the target's ring and reports whether that was anything. The enqueue time is the batch's end.
func (ed *Edge[T]) push(w *worker, b, first *outbox[T]) bool {
	q := ed.source(b)
	n := 0
	if q.noted != nil {
		packed := ed.pack(w.now, b, first, q.free())
		n = q.noted.PushBatch(packed, int64(w.now))
		clear(packed)
	} else {
		n = q.plain.PushBatch(b.items[b.sent:], int64(w.now))
	}
	if n == 0 {
		return false
	}
	if ed.seen != nil {
		ed.seen(b.items[b.sent : b.sent+n])
	}
	b.credit -= n
	b.sent += n
	w.touch(ed.target, b.shard)
	if b.sent == len(b.items) {
		b.reset(ed.to.pointers)
		if cap(b.items) > 16*ed.usual() {
			b.renew(ed)
		}
	}
	return true
}

// pack puts what is left to be pushed together with its notes, up to most: a large debt to a full ring is not to be copied every turn. Should there
// be more room by now, who makes it sees who waits for it: pair (5).
func (ed *Edge[T]) pack(now Time, b, first *outbox[T], most int) []noted[T] {
	packed := first.packed[:0]
	for i := b.sent; i < min(len(b.items), b.sent+most); i++ {
		packed = append(packed, noted[T]{b.items[i], ed.target.entering(b.notes[i]), now})
	}
	first.packed = packed
	return packed
}

// reset empties the outbox and, where events hold pointers, forgets them.
func (b *outbox[T]) reset(pointers bool) {
	if pointers {
		clear(b.items)
	}
	b.items, b.notes, b.sent = b.items[:0], b.notes[:0], 0
}

func (ed *Edge[T]) drop(b, first *outbox[T]) {
	rest := b.items[b.sent:]
	add(&first.dropped, uint64(len(rest)))
	if ed.to.losable {
		for i := range rest {
			lose(&rest[i], fmt.Errorf("edge %s: %w", ed.name(), ErrDropped))
		}
	}
	b.reset(ed.to.pointers)
}
