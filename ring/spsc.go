package ring

import (
	"sync/atomic"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/release"
)

// SPSC is a ring for one producer and one consumer. PushBatch, PushAll and
// Push must be called by one goroutine at a time, each call happening before
// the next; so must PopBatch and Pop. All other methods are safe for
// concurrent use.
//
// The producer remembers how far it last saw the consumer and looks again only
// when that is not enough. The consumer never looks at the producer's cursor:
// spans tell it what there is.
//
// Order: FIFO. Progress: wait-free; HeadTime is lock-free. Failure is never
// spurious: how many fit, or are there, is exact for a moment during the call.
// Memory: the event and 16 bytes per slot.
type SPSC[T any] struct {
	_ pad
	slots[T]
	spans []spscSpan // number k at index k&mask; written by the producer

	_ pad
	// tail is the position of the next push: slots from head to here are
	// full. Written by the producer, before the span is, and read by Len.
	tail     atomic.Uint64
	limit    uint64 // producer only: the position up to which slots are known to be free
	spanTail uint64 // producer only: the number of the next span

	_ pad
	// head is the position of the next pop; written by the consumer: slots
	// before it are free for the next lap, and so are spans that end there.
	head atomic.Uint64
	// spanHead is the number of the span that head stands in, or of the next
	// one to come if all events are popped. Written by the consumer, before head.
	spanHead atomic.Uint64
	_        pad
}

// spscSpan is one push: where it ends and when it was made. There are never
// more spans than events in the ring, so capacity of them are enough. That of
// an earlier lap ends at head at the latest, which tells it from a new one.
type spscSpan struct {
	stamp atomic.Uint64
	end   atomic.Uint64 // position one past its last event
}

// NewSPSC makes an empty ring. It panics if CheckCapacity objects.
func NewSPSC[T any](capacity int) *SPSC[T] { return newSPSC[T](capacity, 0) }

func newSPSC[T any](capacity int, start uint64) *SPSC[T] {
	mustCapacity(capacity)
	q := &SPSC[T]{
		slots: newSlots[T](capacity),
		spans: make([]spscSpan, capacity),
		limit: start + uint64(capacity),
	}
	for i := range q.spans {
		q.spans[i].end.Store(start)
	}
	q.tail.Store(start)
	q.head.Store(start)
	return q
}

// Cap is the number of slots.
func (q *SPSC[T]) Cap() int { return len(q.buf) }

// PushBatch appends as many of items as fit, in order, and returns their
// number. stamp is the time of the push in nanoseconds on the caller's clock.
func (q *SPSC[T]) PushBatch(items []T, stamp int64) int {
	tail := q.tail.Load()
	n := min(q.room(tail, uint64(len(items))), uint64(len(items)))
	if n == 0 {
		return 0
	}
	q.put(tail, items[:n])
	q.publish(tail+n, stamp)
	return int(n)
}

// PushAll appends all items or none, and reports which. They become visible
// at once. More than Cap never fit, none always do.
func (q *SPSC[T]) PushAll(items []T, stamp int64) bool {
	tail := q.tail.Load()
	n := uint64(len(items))
	if n == 0 {
		return true
	}
	if q.room(tail, n) < n {
		return false
	}
	q.put(tail, items)
	q.publish(tail+n, stamp)
	return true
}

// Push is PushBatch for one event.
func (q *SPSC[T]) Push(v T, stamp int64) bool {
	tail := q.tail.Load()
	if q.room(tail, 1) == 0 {
		return false
	}
	q.buf[tail&q.mask] = v
	q.publish(tail+1, stamp)
	return true
}

// PopBatch moves the oldest events into dst, in order, at most len(dst), and
// returns their number and the stamp of the first.
func (q *SPSC[T]) PopBatch(dst []T) (n int, stamp int64) {
	head, m, stamp := q.waiting(uint64(len(dst)))
	if m == 0 {
		return 0, 0
	}
	q.take(head, dst[:m])
	release.Store(&q.head, head+m) // pairs with the loads in room and HeadTime
	return int(m), stamp
}

// Pop is PopBatch for one event.
func (q *SPSC[T]) Pop() (v T, stamp int64, ok bool) {
	head, n, stamp := q.waiting(1)
	if n == 0 {
		return v, 0, false
	}
	v = q.takeOne(head)
	release.Store(&q.head, head+1) // pairs with the loads in room and HeadTime
	return v, stamp, true
}

// room is the number of free slots; where it is less than want, it is exact.
func (q *SPSC[T]) room(tail, want uint64) uint64 {
	if q.limit-tail < want {
		// Pairs with the release stores of head: who sees head may write the
		// slots and the spans before it.
		q.limit = q.head.Load() + q.mask + 1
	}
	return q.limit - tail
}

// publish makes the slots before tail visible as one span.
func (q *SPSC[T]) publish(tail uint64, stamp int64) {
	s := &q.spans[q.spanTail&q.mask]
	q.spanTail++
	release.Relaxed(&s.stamp, uint64(stamp))
	release.Relaxed(&q.tail, tail) // before end: head never passes a tail that others see
	// Pairs with the loads in waiting and HeadTime: who sees the end sees the
	// slots, the stamp and the tail.
	release.Store(&s.end, tail)
	window()
}

// waiting finds the events to pop next, n of them at head, at most want, and
// moves spanHead behind them; stamp is that of the first.
func (q *SPSC[T]) waiting(want uint64) (head, n uint64, stamp int64) {
	head = q.head.Load()
	k := q.spanHead.Load()
	s := &q.spans[k&q.mask]
	end := s.end.Load() // pairs with the release store in publish
	if int64(end-head) <= 0 || want == 0 {
		return 0, 0, 0
	}
	stamp = int64(s.stamp.Load())
	for end-head < want {
		next := q.spans[(k+1)&q.mask].end.Load()
		if int64(next-end) <= 0 { // not pushed yet
			break
		}
		end = next
		k++
	}
	if invariant.Enabled {
		window()
		invariant.Check(end-head <= q.mask+1, "ring: more events than slots")
	}
	n = min(end-head, want)
	if end-head == n {
		k++
	}
	release.Relaxed(&q.spanHead, k)
	return head, n, stamp
}

// HeadTime is the stamp of the oldest waiting event, false if there is none.
// Any goroutine may call it; the event may be gone when it returns, but the
// stamp was that of the head at some time during the call, or of the event
// that becomes the head when a pop on its way ends.
func (q *SPSC[T]) HeadTime() (stamp int64, ok bool) {
	for {
		k := q.spanHead.Load() // before head, after which it is checked again
		head := q.head.Load()
		window()
		s := &q.spans[k&q.mask]
		end := s.end.Load() // before the stamp: pairs with the release store in publish
		stamp = int64(s.stamp.Load())
		if q.head.Load() != head || q.spanHead.Load() != k {
			continue // what we read may be of a later lap
		}
		// The span holds head, or is the next one after a pop that has
		// written spanHead and not yet head. If it ends before head it is of
		// an earlier lap: that one has not been pushed yet.
		if int64(end-head) <= 0 {
			return 0, false
		}
		return stamp, true
	}
}

// Len is the number of events pushed and not yet popped, from 0 to Cap. Any
// goroutine may call it; on a ring in use it is a recent value, and 0 is
// exact: every event pushed before the call has been popped.
func (q *SPSC[T]) Len() int {
	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	return int(min(q.tail.Load()-head, q.mask+1))
}
