package ring

import (
	"sync/atomic"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/release"
)

// MPSC is a span ring for any number of producers and one consumer. PopBatch
// and Pop must be called by one goroutine at a time, each call happening
// before the next; all other methods are safe for concurrent use.
//
// A push claims a run of slots with one compare-and-swap, copies, and
// publishes it with one release store; producers never wait for one another.
// A pop costs no read-modify-write at all.
//
// Order: FIFO, in the order of the claims; a batch stays together. Progress:
// lockless, not lock-free: no call waits or spins for another goroutine, but
// events behind one that is claimed and not yet published cannot be popped
// until it is. Pop and PopBatch are wait-free. Spurious failure: a pop may find
// nothing while a push is between its claim and its publication; a push that
// fails found no room. Memory: the event and 24 bytes per slot. A push
// synchronizes before the pop that takes its events, and a pop before the push
// that fills its slots again.
type MPSC[T any] struct {
	_ pad
	slots[T]
	mpscCursors
}

// mpscCursors is the part of MPSC that does not depend on T.
type mpscCursors struct {
	full spanLog

	_ pad
	// tail is a word whose remainder is always 0; written by producers, who
	// claim the slots from here on.
	tail atomic.Uint64
	// limit is the position up to which the slots are known to be free: head
	// plus capacity as a producer last saw it. Written by producers, maybe
	// back to an older value, which costs a look at head and nothing else.
	limit atomic.Uint64

	_    pad
	head atomic.Uint64 // word; written by the consumer: slots before it are free for the next lap
	_    pad
}

// NewMPSC makes an empty ring. It panics if CheckCapacity objects.
func NewMPSC[T any](capacity int) *MPSC[T] { return newMPSC[T](capacity, 0) }

func newMPSC[T any](capacity int, start uint64) *MPSC[T] {
	mustCapacity(capacity)
	q := &MPSC[T]{slots: newSlots[T](capacity)}
	q.full = newSpanLog(capacity, start)
	q.tail.Store(word(start, 0))
	q.limit.Store((start + uint64(capacity)) & posMask)
	q.head.Store(word(start, 0))
	return q
}

// Cap is the number of slots.
func (q *MPSC[T]) Cap() int { return len(q.buf) }

// PushBatch appends as many of items as fit, in order, and returns their
// number. stamp is the time of the push in nanoseconds on the caller's clock.
// How many fit is exact for a moment during the call. A sealed ring takes none.
func (q *MPSC[T]) PushBatch(items []T, stamp int64) int {
	if len(items) == 0 {
		return 0
	}
	pos, n := q.claim(uint64(len(items)), 1)
	if n == 0 {
		return 0
	}
	q.put(pos, items[:n])
	q.full.publish(pos, n, stamp)
	return int(n)
}

// PushAll appends all items or none, and reports which. They are neighbours
// in the ring and become visible at once. It always fails for more items than
// Cap, and on a sealed ring. No items always fit.
func (q *MPSC[T]) PushAll(items []T, stamp int64) bool {
	if len(items) == 0 {
		return true
	}
	if len(items) > len(q.buf) {
		return false
	}
	pos, n := q.claim(uint64(len(items)), uint64(len(items)))
	if n == 0 {
		return false
	}
	q.put(pos, items)
	q.full.publish(pos, n, stamp)
	return true
}

// Push is PushBatch for one event.
func (q *MPSC[T]) Push(v T, stamp int64) bool {
	pos, n := q.claim(1, 1)
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
func (q *MPSC[T]) PopBatch(dst []T) (n int, stamp int64) {
	pos, run, stamp := q.full.look(q.head.Load(), uint64(len(dst)))
	m := min(run, uint64(len(dst)))
	if m == 0 {
		return 0, 0
	}
	window()
	q.take(pos, dst[:m])
	release.Store(&q.head, word(pos+m, run-m)) // pairs with the load in claim
	return int(m), stamp
}

// Pop is PopBatch for one event.
func (q *MPSC[T]) Pop() (v T, stamp int64, ok bool) {
	pos, run, stamp := q.full.look(q.head.Load(), 1)
	if run == 0 {
		return v, 0, false
	}
	window()
	v = q.takeOne(pos)
	release.Store(&q.head, word(pos+1, run-1)) // pairs with the load in claim
	return v, stamp, true
}

// claim takes the slots [pos, pos+n) from the tail: as many as are free, at
// most want; or none (n is 0) if fewer than least are, or the ring is sealed.
func (q *mpscCursors) claim(want, least uint64) (pos, n uint64) {
	capacity := q.full.mask + 1
	for {
		w := q.tail.Load()
		window()
		if w&sealBit != 0 {
			return 0, 0
		}
		pos = w >> posShift
		room := (q.limit.Load() - pos) & posMask
		if room < want || room > capacity { // more than capacity: limit is behind pos
			// Pairs with the release stores in PopBatch and Pop: who sees
			// head may write the slots before it; so may who sees limit.
			limit := (q.head.Load()>>posShift + capacity) & posMask
			window()
			release.Store(&q.limit, limit)
			room = (limit - pos) & posMask
		}
		n = min(room, want)
		if n < least || room > capacity {
			if q.tail.Load() != w {
				continue // somebody else pushed; what we saw was of no one time
			}
			return 0, 0
		}
		window()
		if q.tail.CompareAndSwap(w, word(pos+n, 0)) {
			window()
			if invariant.Enabled {
				head := q.head.Load() >> posShift // not past pos: our slots are not published
				invariant.Check((pos+n-head)&posMask <= capacity, "ring: claimed slots that are not free")
			}
			return pos, n
		}
	}
}

// HeadTime is the stamp of the oldest waiting event. It is false if the ring
// is empty or the event at the head is not published yet. Any goroutine may
// call it; the event may be gone when it returns, but the stamp was that of
// the head at some time during the call.
func (q *MPSC[T]) HeadTime() (stamp int64, ok bool) { return q.full.headTime(&q.head) }

// Len is the number of events claimed by pushes and not yet popped, from 0 to
// Cap. Any goroutine may call it; on a ring in use it is a recent value, and 0
// is exact: every event pushed before the call has been popped.
func (q *MPSC[T]) Len() int {
	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	tail := q.tail.Load()
	return int(min((tail>>posShift-head>>posShift)&posMask, q.mask+1))
}

// Seal ends pushing. A push that claimed its slots before Seal publishes them,
// also after Seal has returned; every other push fails from then on, and Len
// only falls. Sealed, and after that a Len of 0, say that the ring is finished.
func (q *MPSC[T]) Seal() {
	q.tail.Or(sealBit) // in one order with the compare-and-swaps of claims, which is what makes it a cut
}

// Sealed reports whether Seal has been called.
func (q *MPSC[T]) Sealed() bool { return q.tail.Load()&sealBit != 0 }
