package engine

import (
	"fmt"
	"math"
	"time"
)

// note is what the engine knows of an event besides the event. It exists only in stages that declare MaxAge, Classes or Deadlines: beside
// the events of a batch, and together with the event in the ring.
type note struct {
	deadline Time // follows what is derived from the event
	expires  Time // the earlier of deadline and what MaxAge allows in this ring
	class    uint8
}

const never Time = math.MaxInt64

var noNote = note{deadline: never, expires: never}

type noted[T any] struct {
	event T
	note
}

// entering returns the note of an event that enters s now.
func (s *stageCore) entering(n note, now Time) note {
	n.class = min(n.class, uint8(s.classes-1))
	n.expires = n.deadline
	if s.maxAge > 0 {
		n.expires = min(n.expires, now.add(s.maxAge))
	}
	return n
}

// add returns the time d after t, or never.
func (t Time) add(d time.Duration) Time {
	if Time(d) > never-t {
		return never
	}
	return t + Time(d)
}

// unpack pops events with notes into the hand, behind what it holds.
func (h *hand[T]) unpack(q queue[noted[T]], limit int) (int, int64) {
	n, stamp := q.PopBatch(h.raw[:limit])
	for i := range h.raw[:n] {
		h.batch[h.n+i] = h.raw[i].event
		h.notes[h.n+i] = h.raw[i].note
	}
	clear(h.raw[:n])
	return n, stamp
}

// expire takes out of the batch what is too late, before it costs service time.
func (s *Stage[T]) expire(w *worker, h *hand[T]) {
	kept := 0
	for i := range h.n {
		if w.now > h.notes[i].expires {
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
