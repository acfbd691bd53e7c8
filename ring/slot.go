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
// behind one that is popped and not yet freed cannot be filled. Memory: the
// event and 16 bytes per slot.
type Slot[T any] struct {
	_     pad
	buf   []slot[T]
	mask  uint64
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
		buf:   make([]slot[T], capacity),
		mask:  uint64(capacity) - 1,
		scrub: hasPointers(reflect.TypeFor[T]()),
	}
	for i := range uint64(capacity) {
		q.at(start + i).sequence.Store(start + i)
	}
	q.tail.Store(start)
	q.head.Store(start)
	return q
}

func (q *Slot[T]) at(pos uint64) *slot[T] { return &q.buf[pos&q.mask] }

// Cap is the number of slots.
func (q *Slot[T]) Cap() int { return len(q.buf) }

// PushBatch appends as many of items as fit, in order, and returns their
// number. stamp is the time of the push in nanoseconds on the caller's clock.
// Fewer than fit may be pushed, and none, while a pop that overlaps this call
// has claimed slots and not freed them yet.
func (q *Slot[T]) PushBatch(items []T, stamp int64) int {
	pos, n := q.claim(&q.tail, 0, uint64(len(items)), 1)
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
	if len(items) > len(q.buf) {
		return false
	}
	pos, n := q.claim(&q.tail, 0, uint64(len(items)), uint64(len(items)))
	q.fillAll(pos, items[:n], stamp)
	return n > 0
}

// Push is PushBatch for one event.
func (q *Slot[T]) Push(v T, stamp int64) bool {
	pos, n := q.claim(&q.tail, 0, 1, 1)
	if n == 0 {
		return false
	}
	q.fill(pos, v, stamp)
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
	for i := m; i > 0; i-- { // from behind, see fillAll
		dst[i-1] = q.empty(pos + i - 1)
	}
	return int(m), stamp
}

// Pop is PopBatch for one event.
func (q *Slot[T]) Pop() (v T, stamp int64, ok bool) {
	pos, n := q.claim(&q.head, 1, 1, 1)
	if n == 0 {
		return v, 0, false
	}
	stamp = int64(q.at(pos).stamp.Load())
	return q.empty(pos), stamp, true
}

// claim takes the slots [pos, pos+n) from a cursor: as many as have the
// sequence of their position plus offset (0 to fill, 1 to empty), at most
// want; or none (n is 0) if fewer than least have.
func (q *Slot[T]) claim(cursor *atomic.Uint64, offset, want, least uint64) (pos, n uint64) {
	for {
		pos = cursor.Load()
		// Pairs with the release stores in fill and empty.
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
			if invariant.Enabled {
				window()
				invariant.Check(int64(q.tail.Load()-q.head.Load()) <= int64(q.mask+1), "ring: claimed slots that are not free")
			}
			return pos, n
		}
	}
}

// fillAll publishes items from pos on. It begins with the last, so that they
// become visible all at once and nobody follows slot by slot on the same
// cache lines.
func (q *Slot[T]) fillAll(pos uint64, items []T, stamp int64) {
	for i := len(items) - 1; i >= 0; i-- {
		q.fill(pos+uint64(i), items[i], stamp)
	}
}

// fill publishes v at pos, which the caller has claimed.
func (q *Slot[T]) fill(pos uint64, v T, stamp int64) {
	s := q.at(pos)
	s.event = v
	release.Relaxed(&s.stamp, uint64(stamp))
	// Pairs with the loads in claim and HeadTime: who sees the sequence sees
	// the event and the stamp.
	release.Store(&s.sequence, pos+1)
}

// empty takes the event at pos, which the caller has claimed, and frees the slot.
func (q *Slot[T]) empty(pos uint64) T {
	s := q.at(pos)
	v := s.event
	if q.scrub {
		var zero T
		s.event = zero
	}
	// Pairs with the load in claim: who sees the sequence may fill the slot.
	release.Store(&s.sequence, pos+q.mask+1)
	return v
}

// HeadTime is the stamp of the oldest waiting event. It is false if the ring
// is empty or the event at the head is not published yet. Any goroutine may
// call it; the event may be gone when it returns, but the stamp was that of
// the head at some time during the call.
func (q *Slot[T]) HeadTime() (stamp int64, ok bool) {
	for {
		head := q.head.Load()
		window()
		s := q.at(head)
		full := s.sequence.Load() == head+1
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
