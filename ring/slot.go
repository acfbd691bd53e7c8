package ring

import (
	"reflect"
	"sync/atomic"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/release"
)

// Slot is a ring for any number of producers and consumers in which every
// slot is published by itself: the latency of a single event is that of one
// cache line, and batches gain less than in MPMC. All methods are safe for
// concurrent use.
//
// It is the bounded queue of Dmitry Vyukov (2010), to which batches (a run of
// slots claimed with one compare-and-swap) and stamps have been added.
//
// Order: FIFO, in the order of the claims; a batch stays together. Progress:
// lockless, not lock-free. No call waits or spins for another goroutine (a
// retry means that another claim succeeded), but events behind one that is
// claimed and not yet published cannot be popped until it is, and slots
// behind one that is popped and not yet freed cannot be filled. Spurious
// failure: so a pop may find nothing, and a push no room, while a call of the
// other side is between its claim and its end. Memory: the event and 16 bytes
// per slot, rounded up to a power of two, so that none which fits on a cache
// line stands on two (but for rings with pointers of 0.5 to 32 KB). A push synchronizes before the pop that takes its events, and a pop
// before the push that fills its slots again.
type Slot[T any] struct {
	_ pad
	cells[T]
	scrub bool // T holds pointers: a popped slot must not keep its event alive

	_    pad
	tail atomic.Uint64 // position of the next push; written by producers
	_    pad
	head atomic.Uint64 // position of the next pop; written by consumers
	_    pad
}

// slot states, for the slot at position p of the present lap:
//
//	sequence == p              free; the producer that claims p owns it next
//	sequence == p+1            full; the consumer that claims p owns it next
//	sequence == p+capacity     free, for the next lap
//
// Sequences have 64 bits and do not come back: there is no ABA.
type slot[T any] struct {
	sequence atomic.Uint64
	stamp    atomic.Uint64 // written by the owner, before sequence
	event    T
}

// NewSlot makes an empty ring. It panics if CheckCapacity objects.
func NewSlot[T any](capacity int) *Slot[T] { return newSlot[T](capacity, 0) }

func newSlot[T any](capacity int, start uint64) *Slot[T] {
	mustCapacity(capacity)
	q := &Slot[T]{
		cells: newCells[T](capacity),
		scrub: hasPointers(reflect.TypeFor[T]()),
	}
	for i := range uint64(capacity) {
		q.at(start + i).sequence.Store(start + i)
	}
	q.tail.Store(start)
	q.head.Store(start)
	return q
}

// Cap is the number of slots.
func (q *Slot[T]) Cap() int { return int(q.mask + 1) }

// PushBatch appends as many of items as fit, in order, and returns their
// number. stamp is the time of the push in nanoseconds on the caller's clock.
// Fewer than fit may be pushed, and none, while a pop that overlaps this call
// has claimed slots and not freed them yet.
func (q *Slot[T]) PushBatch(items []T, stamp int64) int {
	pos, n := q.claim(&q.tail, 0, uint64(len(items)), 1)
	if n == 0 {
		return 0
	}
	q.fillAll(pos, items[:n], stamp)
	return int(n)
}

// PushAll appends all items or none, and reports which. They are neighbours
// in the ring and become visible at once. It may fail although they would fit
// while a pop that overlaps this call has not freed its slots yet; it always
// fails for more items than Cap. No items always fit.
func (q *Slot[T]) PushAll(items []T, stamp int64) bool {
	if len(items) == 0 {
		return true
	}
	if len(items) > q.Cap() {
		return false
	}
	pos, n := q.claim(&q.tail, 0, uint64(len(items)), uint64(len(items)))
	if n == 0 {
		return false
	}
	q.fillAll(pos, items, stamp)
	return true
}

// Push is PushBatch for one event.
func (q *Slot[T]) Push(v T, stamp int64) bool {
	pos, ok := q.claimOne(&q.tail, 0)
	if !ok {
		return false
	}
	q.publish(q.fill(pos, v, stamp), pos)
	return true
}

// PopBatch moves the oldest events into dst, in order, at most len(dst), and
// returns their number and the stamp of the first. It may return fewer than
// Len, and none, while a push that overlaps this call has claimed a slot and
// not published it yet.
func (q *Slot[T]) PopBatch(dst []T) (n int, stamp int64) {
	pos, m := q.claim(&q.head, 1, uint64(len(dst)), 1)
	if m == 0 {
		return 0, 0
	}
	stamp = int64(q.at(pos).stamp.Load())
	q.emptyAll(pos, dst[:m])
	return int(m), stamp
}

// Pop is PopBatch for one event.
func (q *Slot[T]) Pop() (v T, stamp int64, ok bool) {
	pos, ok := q.claimOne(&q.head, 1)
	if !ok {
		return v, 0, false
	}
	s := q.at(pos)
	stamp = int64(s.stamp.Load())
	v = q.empty(s)
	q.free(s, pos)
	return v, stamp, true
}

// claim takes the slots [pos, pos+n) from a cursor: as many as have the
// sequence of their position plus offset (0 to fill, 1 to empty), at most
// want; or none (n is 0) if fewer than least have.
func (q *Slot[T]) claim(cursor *atomic.Uint64, offset, want, least uint64) (pos, n uint64) {
	for {
		pos = cursor.Load()
		window()
		// Pairs with the release stores in publish and free.
		for n = 0; n < want && q.at(pos+n).sequence.Load() == pos+n+offset; n++ {
		}
		if n < least {
			if want > 0 && cursor.Load() != pos {
				continue // somebody else claimed; what we saw was of no one time
			}
			return 0, 0
		}
		window()
		if cursor.CompareAndSwap(pos, pos+n) {
			q.checkClaim()
			return pos, n
		}
	}
}

// claimOne is claim for one slot, without the loop over slots.
func (q *Slot[T]) claimOne(cursor *atomic.Uint64, offset uint64) (pos uint64, ok bool) {
	for {
		pos = cursor.Load()
		window()
		if q.at(pos).sequence.Load() != pos+offset { // pairs as in claim
			if cursor.Load() != pos {
				continue // as in claim
			}
			return 0, false
		}
		window()
		if cursor.CompareAndSwap(pos, pos+1) {
			q.checkClaim()
			return pos, true
		}
	}
}

func (q *Slot[T]) checkClaim() {
	window()
	if invariant.Enabled {
		invariant.Check(int64(q.tail.Load()-q.head.Load()) <= int64(q.mask+1), "ring: claimed slots that are not free")
	}
}

// fillAll publishes items, at least one, from pos on. It begins with the last,
// so that they become visible all at once and nobody follows slot by slot on
// the same cache lines. Both sides go through the slots in order from a cursor,
// and a cursor gets past the first slot only by who has seen its sequence: so
// that one, stored last, is the only one that has to be a release store.
func (q *Slot[T]) fillAll(pos uint64, items []T, stamp int64) {
	for i := uint64(len(items)) - 1; i > 0; i-- {
		s := q.fill(pos+i, items[i], stamp)
		release.Relaxed(&s.sequence, pos+i+1)
	}
	q.publish(q.fill(pos, items[0], stamp), pos)
}

// fill writes v into the slot at pos, which the caller has claimed.
func (q *Slot[T]) fill(pos uint64, v T, stamp int64) *slot[T] {
	s := q.at(pos)
	s.event = v
	release.Relaxed(&s.stamp, uint64(stamp))
	return s
}

// publish makes s, the slot at pos, visible, and what was filled before it.
// Pairs with the loads in claim and HeadTime: who sees the sequence sees the
// events and the stamps.
func (q *Slot[T]) publish(s *slot[T], pos uint64) { release.Store(&s.sequence, pos+1) }

// emptyAll takes the events at pos and after it, which the caller has claimed,
// and frees their slots, from behind like fillAll.
func (q *Slot[T]) emptyAll(pos uint64, dst []T) {
	for i := uint64(len(dst)) - 1; i > 0; i-- {
		s := q.at(pos + i)
		dst[i] = q.empty(s)
		release.Relaxed(&s.sequence, pos+i+q.mask+1)
	}
	s := q.at(pos)
	dst[0] = q.empty(s)
	q.free(s, pos)
}

// empty takes the event out of s, which the caller has claimed.
func (q *Slot[T]) empty(s *slot[T]) T {
	v := s.event
	if q.scrub {
		var zero T
		s.event = zero
	}
	return v
}

// free gives s, the slot at pos, to the next lap, and what was emptied before
// it. Pairs with the loads in claim: who sees the sequence may fill the slots.
func (q *Slot[T]) free(s *slot[T], pos uint64) { release.Store(&s.sequence, pos+q.mask+1) }

// HeadTime is the stamp of the oldest waiting event. It is false if the ring
// is empty or the event at the head is not published yet. Any goroutine may
// call it; the event may be gone when it returns, but the stamp was that of
// the head at some time during the call.
func (q *Slot[T]) HeadTime() (stamp int64, ok bool) {
	for {
		head := q.head.Load()
		s := q.at(head)
		full := s.sequence.Load() == head+1
		window()
		stamp = int64(s.stamp.Load())
		if q.head.Load() != head {
			continue // the stamp may be of a later lap
		}
		if !full {
			return 0, false
		}
		return stamp, true
	}
}

// Len is the number of events claimed by pushes and not yet by pops, from 0 to
// Cap. Any goroutine may call it; on a ring in use it is a recent value, and 0
// is exact: every event pushed before the call has been popped.
func (q *Slot[T]) Len() int {
	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	return int(min(q.tail.Load()-head, q.mask+1))
}
