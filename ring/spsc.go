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
// Order: FIFO. Progress: wait-free; HeadTime is lock-free. Spurious failure:
// none, how many fit, or are published, is exact for a moment during the call.
// Memory: the event and 16 bytes per slot. A push synchronizes before the pop
// that takes its events, and a pop before the push that fills its slots again.
type SPSC[T any] struct {
	_ pad
	slots[T]
	spans []spscSpan // the span that begins at position p at index p&mask; written by the producer

	_ pad
	// tail is the position of the next push: slots from head to here are
	// full. Written by the producer, before the span is, and read by Len.
	tail  atomic.Uint64
	limit uint64 // producer only: the position up to which slots are known to be free

	_ pad
	// head is the position of the next pop; written by the consumer: slots
	// before it are free for the next lap, and so are spans that begin there.
	head atomic.Uint64
	// rest is where the span ends that head stands inside of. Where it is not
	// past head, a span begins at head. Written by the consumer, before head,
	// and so is the time of that span, before rest. Read by HeadTime.
	rest      atomic.Uint64
	restStamp atomic.Uint64
	_         pad
}

// spscSpan is one push: where it ends and when it was made. One of an earlier
// lap ends at the position where it would begin now, at the latest, which tells
// it from a new one.
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
	q.rest.Store(start)
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
	q.publish(tail, tail+n, stamp)
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
	q.publish(tail, tail+n, stamp)
	return true
}

// Push is PushBatch for one event.
func (q *SPSC[T]) Push(v T, stamp int64) bool {
	tail := q.tail.Load()
	if tail == q.limit && q.room(tail, 1) == 0 {
		return false
	}
	q.buf[tail&q.mask] = v
	q.publish(tail, tail+1, stamp)
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
	head := q.head.Load()
	span := &q.spans[head&q.mask]
	if span.end.Load() != head+1 { // not a span of one, which has no rest
		return q.popOf()
	}
	stamp = int64(span.stamp.Load())
	window()
	v = q.takeOne(head)
	release.Store(&q.head, head+1) // pairs with the loads in room and HeadTime
	return v, stamp, true
}

// popOf is Pop where the next event is one of several of its span, or is not there.
func (q *SPSC[T]) popOf() (v T, stamp int64, ok bool) {
	head, n, stamp := q.waiting(1)
	if n == 0 {
		return v, 0, false
	}
	v = q.takeOne(head)
	release.Store(&q.head, head+1) // as in Pop
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

// publish makes the slots from pos to end visible as one span.
func (q *SPSC[T]) publish(pos, end uint64, stamp int64) {
	span := &q.spans[pos&q.mask]
	release.Relaxed(&span.stamp, uint64(stamp))
	release.Relaxed(&q.tail, end) // before the span's end: head never passes a tail that others see
	window()
	// Pairs with the loads in spanEnd, Pop and HeadTime: who sees the end sees
	// the slots, the stamp and the tail.
	release.Store(&span.end, end)
	window()
}

// spanEnd is where the span that begins at pos ends, or pos if none has been pushed yet.
func (q *SPSC[T]) spanEnd(pos uint64) uint64 {
	end := q.spans[pos&q.mask].end.Load() // pairs with the release store in publish
	if int64(end-pos) <= 0 {              // of an earlier lap
		return pos
	}
	return end
}

// waiting finds the events to pop next, n of them at head, at most want, and
// notes what will be left of the last span; stamp is that of the first.
func (q *SPSC[T]) waiting(want uint64) (head, n uint64, stamp int64) {
	head = q.head.Load()
	rest := q.rest.Load()
	last, end := head, rest // the last span: where it begins, or what is left of it, and ends
	if int64(rest-head) > 0 {
		stamp = int64(q.restStamp.Load())
	} else {
		if end = q.spanEnd(head); end == head {
			return head, 0, 0
		}
		stamp = int64(q.spans[head&q.mask].stamp.Load())
	}
	for end-head < want {
		next := q.spanEnd(end)
		if next == end {
			break
		}
		last, end = end, next
	}
	window()
	if invariant.Enabled {
		invariant.Check(end-head <= q.mask+1, "ring: more events than slots")
	}
	n = min(end-head, want)
	if end-head > n && end != rest {
		left := uint64(stamp)
		if last != head {
			left = q.spans[last&q.mask].stamp.Load()
		}
		release.Relaxed(&q.restStamp, left)
		window()
		release.Store(&q.rest, end) // pairs with the load in HeadTime: who sees it sees restStamp
	}
	return head, n, stamp
}

// HeadTime is the stamp of the oldest waiting event, false if there is none.
// Any goroutine may call it; the event may be gone when it returns, but the
// stamp was that of the head at some time during the call, or of the event
// that becomes the head when a pop ends that is on its way, or has returned
// and cannot be seen by all yet.
func (q *SPSC[T]) HeadTime() (stamp int64, ok bool) {
	for {
		head := q.head.Load()
		window()
		if int64(q.rest.Load()-head) > 0 {
			// Inside of a span, or a pop has noted what will be left and
			// has not written head yet: the time is right, or is that of the
			// next head. Pairs with the release store in waiting.
			window()
			stamp, ok = int64(q.restStamp.Load()), true
		} else if ok = q.spanEnd(head) != head; ok {
			window()
			stamp = int64(q.spans[head&q.mask].stamp.Load())
		}
		if q.head.Load() == head { // else what we read may be of a later lap
			return stamp, ok
		}
		stamp, ok = 0, false
	}
}

// Len is the number of events pushed and not yet popped, from 0 to Cap. Any
// goroutine may call it; on a ring in use it is a recent value, and 0 is
// exact: every event pushed before the call has been popped. Of a push that is
// on its way it may count events that a pop does not find yet.
func (q *SPSC[T]) Len() int {
	// Pair with the stores of head in the pops and of tail in publish, which the pop had seen.
	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	return int(min(q.tail.Load()-head, q.mask+1))
}
