package ring

import (
	"sync/atomic"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/release"
)

// MPMC is a span ring for any number of producers and consumers. All methods
// are safe for concurrent use.
//
// A call claims a run of slots with one compare-and-swap, copies, and
// publishes it with one release store. Producers never wait for one another,
// nor do consumers, and neither side reads the other's cursor.
//
// Order: FIFO, in the order of the claims; a batch stays together. Progress:
// lockless, not lock-free. No call waits or spins for another goroutine (a
// retry means that another claim succeeded), but events behind one that is
// claimed and not yet published cannot be popped until it is, and slots
// behind one that is popped and not yet freed cannot be filled. Spurious
// failure: so a pop may find nothing, and a push no room, while a call of the
// other side is between its claim and its end. Memory: the event and 32 bytes
// per slot. A push synchronizes before the pop that takes its events, and a pop
// before the push that fills its slots again.
type MPMC[T any] struct {
	_ pad
	slots[T]
	mpmcCursors
}

// mpmcCursors is the part of MPMC that does not depend on T.
type mpmcCursors struct {
	full spanLog
	// free[i] is the header of the free span that begins at index i, for the
	// lap in which it will be filled. Writer: the consumer that emptied it.
	free []atomic.Uint64

	_    pad
	tail atomic.Uint64 // word; written by producers; slots from here on are claimed by the next push
	_    pad
	head atomic.Uint64 // word; written by consumers; slots from here on are claimed by the next pop
	_    pad
}

// NewMPMC makes an empty ring. It panics if CheckCapacity objects.
func NewMPMC[T any](capacity int) *MPMC[T] { return newMPMC[T](capacity, 0) }

func newMPMC[T any](capacity int, start uint64) *MPMC[T] {
	mustCapacity(capacity)
	q := &MPMC[T]{slots: newSlots[T](capacity)}
	q.full = newSpanLog(capacity, start)
	q.free = make([]atomic.Uint64, capacity)
	for i := range uint64(capacity) { // nothing but the spans below is free
		pos := (start + i) & posMask
		q.free[pos&q.mask].Store(header((pos-uint64(capacity))&posMask, 1, q.full.spanMask))
	}
	q.freeSpans((start-uint64(capacity))&posMask, uint64(capacity))
	q.tail.Store(word(start, 0))
	q.head.Store(word(start, 0))
	return q
}

// Cap is the number of slots.
func (q *MPMC[T]) Cap() int { return len(q.buf) }

// PushBatch appends as many of items as fit, in order, and returns their
// number. stamp is the time of the push in nanoseconds on the caller's clock.
// Fewer than fit may be pushed, and none, while a pop that overlaps this call
// has claimed slots and not freed them yet. A sealed ring takes none.
func (q *MPMC[T]) PushBatch(items []T, stamp int64) int {
	if len(items) == 0 {
		return 0
	}
	pos, n := q.claimFree(uint64(len(items)), 1)
	if n == 0 {
		return 0
	}
	q.put(pos, items[:n])
	q.full.publish(pos, n, stamp)
	return int(n)
}

// PushAll appends all items or none, and reports which. They are neighbours
// in the ring and become visible at once. It may fail although they would fit
// while a pop that overlaps this call has not freed its slots yet; it always
// fails for more items than Cap, and on a sealed ring. No items always fit.
func (q *MPMC[T]) PushAll(items []T, stamp int64) bool {
	if len(items) == 0 {
		return true
	}
	if len(items) > len(q.buf) {
		return false
	}
	pos, n := q.claimFree(uint64(len(items)), uint64(len(items)))
	if n == 0 {
		return false
	}
	q.put(pos, items)
	q.full.publish(pos, n, stamp)
	return true
}

// Push is PushBatch for one event.
func (q *MPMC[T]) Push(v T, stamp int64) bool {
	pos, n := q.claimFree(1, 1)
	if n == 0 {
		return false
	}
	q.buf[pos&q.mask] = v
	q.full.publishSpan(pos, 1, stamp)
	return true
}

// PopBatch moves the oldest events into dst, in order, at most len(dst), and
// returns their number and the stamp of the first. It may return fewer than
// Len, and none, while a push that overlaps this call has claimed a slot and
// not published it yet.
func (q *MPMC[T]) PopBatch(dst []T) (n int, stamp int64) {
	pos, m, stamp := q.claimFull(uint64(len(dst)))
	if m == 0 {
		return 0, 0
	}
	q.take(pos, dst[:m])
	q.freeSpans(pos, m)
	return int(m), stamp
}

// Pop is PopBatch for one event.
func (q *MPMC[T]) Pop() (v T, stamp int64, ok bool) {
	pos, n, stamp := q.claimFull(1)
	if n == 0 {
		return v, 0, false
	}
	v = q.takeOne(pos)
	q.freeSpan(pos, 1)
	return v, stamp, true
}

// claimFree takes the slots [pos, pos+n) from the tail: as many as are free,
// at most want; or none (n is 0) if fewer than least are, or the ring is
// sealed.
func (q *mpmcCursors) claimFree(want, least uint64) (pos, n uint64) {
	for {
		w := q.tail.Load()
		window()
		if w&sealBit != 0 {
			return 0, 0
		}
		pos = w >> posShift
		run := w & remMask
		// Neighbouring free spans merge here: what comes of this claim is
		// published as one span, however it was freed.
		for run < want {
			at := (pos + run) & posMask
			// Pairs with the release store in freeSpan.
			length := spanLength(q.free[at&q.full.mask].Load(), at, q.full.spanMask)
			if length == 0 {
				break
			}
			run += length
		}
		n = min(run, want)
		if n < least {
			if q.tail.Load() != w {
				continue // somebody else pushed; what we saw was of no one time
			}
			return 0, 0
		}
		window()
		// The tail never comes back to a value (see posMask), so success
		// means that nobody claimed meanwhile and every header read above
		// still holds. What those headers let us see, later claimers of the
		// remainder see through this word.
		if q.tail.CompareAndSwap(w, word(pos+n, run-n)) {
			window()
			if invariant.Enabled {
				head := q.head.Load() >> posShift // not past pos: our slots are not published
				invariant.Check((pos+n-head)&posMask <= q.full.mask+1, "ring: claimed slots that are not free")
			}
			return pos, n
		}
	}
}

// claimFull takes the slots [pos, pos+n) from the head: as many as are
// published, at most want. stamp is that of the first.
func (q *mpmcCursors) claimFull(want uint64) (pos, n uint64, stamp int64) {
	if want == 0 {
		return 0, 0, 0
	}
	for {
		w := q.head.Load()
		window()
		pos, run, stamp := q.full.look(w, want)
		if run == 0 {
			if q.head.Load() != w {
				continue // somebody else popped; what we saw was of no one time
			}
			return 0, 0, 0
		}
		window()
		// As in claimFree. The stamp holds as well, until we free our slots:
		// no producer gets past them to fill the end of that span again.
		n = min(run, want)
		if q.head.CompareAndSwap(w, word(pos+n, run-n)) {
			window()
			if invariant.Enabled {
				tail := q.tail.Load() >> posShift // not a lap past pos: our slots are not free
				invariant.Check((tail-pos)&posMask <= q.full.mask+1, "ring: popped slots that are not full")
			}
			return pos, n, stamp
		}
	}
}

// freeSpans gives the n slots from pos on to the producers of the next lap,
// from behind, so that they appear all at once.
func (q *mpmcCursors) freeSpans(pos, n uint64) {
	for n > q.full.spanMask+1 {
		last := (n-1)&q.full.spanMask + 1
		n -= last
		q.freeSpan((pos+n)&posMask, last)
	}
	q.freeSpan(pos, n)
}

func (q *mpmcCursors) freeSpan(pos, n uint64) {
	next := (pos + q.full.mask + 1) & posMask
	// Pairs with the load in claimFree: who sees the header may write the slots.
	release.Store(&q.free[pos&q.full.mask], header(next, n, q.full.spanMask))
}

// HeadTime is the stamp of the oldest waiting event. It is false if the ring
// is empty or the event at the head is not published yet. Any goroutine may
// call it; the event may be gone when it returns, but the stamp was that of
// the head at some time during the call.
func (q *MPMC[T]) HeadTime() (stamp int64, ok bool) { return q.full.headTime(&q.head) }

// Len is the number of events claimed by pushes and not yet by pops, from 0 to
// Cap. Any goroutine may call it; on a ring in use it is a recent value, and 0
// is exact: every event pushed before the call has been popped.
func (q *MPMC[T]) Len() int {
	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	tail := q.tail.Load()
	return int(min((tail>>posShift-head>>posShift)&posMask, q.mask+1))
}

// Seal ends pushing. A push that claimed its slots before Seal publishes them,
// also after Seal has returned; every other push fails from then on, and Len
// only falls. Sealed, and after that a Len of 0, say that the ring is finished.
func (q *MPMC[T]) Seal() {
	q.tail.Or(sealBit) // in one order with the compare-and-swaps of claims, which is what makes it a cut
}

// Sealed reports whether Seal has been called.
func (q *MPMC[T]) Sealed() bool { return q.tail.Load()&sealBit != 0 }
