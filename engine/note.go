package engine

import (
	"fmt"
	"math"
	"time"
)

// note is what the engine knows of an event besides the event, and what is derived from it inherits. It exists only in stages that declare MaxAge,
// Classes, Deadlines or a Target: beside the events of a batch, and together with the event in the ring.
type note struct {
	deadline Time
	class    uint8
}

const never Time = math.MaxInt64

var noNote = note{deadline: never}

type noted[T any] struct {
	event T
	note
	since Time // when it came into the ring
}

// entering returns the note of an event that enters s.
func (s *stageCore) entering(n note) note {
	n.class = min(n.class, uint8(s.classes-1))
	return n
}

// add returns the time d after t, or never.
func (t Time) add(d time.Duration) Time {
	if Time(d) > never-t {
		return never
	}
	return t + Time(d)
}

// unpack pops events with notes into the hand, behind what it holds. An event that waits is worth what is allowed now, not when it came: a limit that
// comes with overload is about the queue that stands already.
func (q *source[T]) unpack(h *hand[T], limit int) (int, int64) {
	n, stamp := q.noted.PopBatch(h.raw[:limit])
	most := q.mayWait()
	for i := range h.raw[:n] {
		e := &h.raw[i]
		h.batch[h.n+i], h.notes[h.n+i], h.expires[h.n+i] = e.event, e.note, min(e.deadline, e.since.add(most))
	}
	clear(h.raw[:n])
	return n, stamp
}

// mayWait returns for how long an event may wait in the ring, by MaxAge and by the limit that holds for its inlet.
func (q *source[T]) mayWait() time.Duration {
	most := time.Duration(never)
	if q.maxAge > 0 {
		most = q.maxAge
	}
	if q.limit == nil {
		return most
	}
	if a := q.limit.Load(); a != nil && a.age > 0 {
		most = min(most, a.age)
	}
	return most
}

// expire takes out of the batch what is too late, before it costs service time.
func (s *Stage[T]) expire(w *worker, h *hand[T]) {
	kept := 0
	for i := range h.n {
		if w.now > h.expires[i] {
			lose(&h.batch[i], fmt.Errorf("stage %s: %w", s.name, ErrExpired))
			continue
		}
		h.batch[kept], h.notes[kept] = h.batch[i], h.notes[i]
		kept++
	}
	if late := h.n - kept; late > 0 {
		clear(h.batch[kept:h.n])
		h.n = kept
		add(&h.count.expired, uint64(late))
	}
}
