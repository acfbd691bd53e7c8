package sim

// event is an event in a ring or in hand.
type event struct {
	at   int64 // when it was put there
	req  int32 // the request that it is a part of
	from int32 // the worker that emitted it, or outside, or below that: see madeBy
}

// outside is where an event comes from that no worker emitted.
const outside = -1

// madeBy is where an event comes from that a worker, if there is one, brought in from outside.
func madeBy(w *worker) int32 {
	if w == nil {
		return outside
	}
	return outside - 1 - int32(w.id)
}

// entered reports whether the event came in from outside.
func (e *event) entered() bool { return e.from <= outside }

// maker returns the worker that wrote the event last, or outside.
func (e *event) maker() int32 {
	if e.from < outside {
		return outside - 1 - e.from
	}
	return e.from
}

// ring is a queue of events. Its memory grows up to what it holds, and stays.
type ring struct {
	buf      []event // a power of two
	head, n  int
	capacity int
	reserved int  // room that batches in hand will want
	depth    *int // of the source that pushes into it, summed over its rings; nil if stages push
	over     *int // events beyond the capacity, summed over the rings of the stage that stages push into; nil if a source does
}

func (q *ring) free() int { return q.capacity - q.n - q.reserved }

func (q *ring) push(e event) {
	if q.n == len(q.buf) {
		q.grow()
	}
	q.buf[(q.head+q.n)&(len(q.buf)-1)] = e
	q.n++
	if q.depth != nil {
		*q.depth++
	} else if q.n > q.capacity {
		*q.over++
	}
}

func (q *ring) grow() {
	bigger := make([]event, max(2*len(q.buf), 16))
	for i := range q.n {
		bigger[i] = q.buf[(q.head+i)&(len(q.buf)-1)]
	}
	q.buf, q.head = bigger, 0
}

// pop appends up to limit events to batch.
func (q *ring) pop(batch []event, limit int) []event {
	n := min(q.n, limit)
	if n == 0 {
		return batch
	}
	end := min(q.head+n, len(q.buf))
	batch = append(batch, q.buf[q.head:end]...)
	batch = append(batch, q.buf[:q.head+n-end]...)
	q.head = (q.head + n) & (len(q.buf) - 1)
	if q.depth != nil {
		*q.depth -= n
	} else if q.n > q.capacity {
		*q.over -= min(n, q.n-q.capacity)
	}
	q.n -= n
	return batch
}
