package engine

import (
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/ring"
)

// shard is a part of a stage with rings of its own. A keyed stage has many, so that it runs on several workers while events with the same
// key meet in the same shard; any other stage has one. In a guarded stage, keyed or serial, one worker at a time runs a shard: the
// one that holds its token.
type shard[T any] struct {
	rings   []source[T]   // by class: what edges push into
	sources [][]source[T] // by class: that ring, then the lanes of the inlets of that class
	mix     mix           // guarded by the token; in a stage without tokens every hand has one of its own
}

// token is the right to run a shard.
type token struct {
	owner atomic.Int32 // 1 + the worker that runs it or owes for it, or nobody. Taken by CAS, given up by its owner
	_     [cacheLine]byte
}

const nobody = 0

func (t *token) take(worker int) bool {
	yield.Point()
	return t.owner.CompareAndSwap(nobody, int32(worker)+1)
}

// giveUp is also a full fence: pair (6).
func (t *token) giveUp() {
	yield.Point()
	t.owner.Store(nobody)
}

func (t *token) taken() bool {
	yield.Point()
	return t.owner.Load() != nobody
}

// queue is what stages need of the rings, which differ in who may push and pop.
type queue[T any] interface {
	view
	Push(v T, stamp int64) bool
	PushBatch(items []T, stamp int64) int
	PopBatch(dst []T) (n int, stamp int64)
}

// view is a queue as seen by who does not know the type of its events.
type view interface {
	HeadTime() (stamp int64, ok bool)
	Len() int
	Cap() int
}

// gate closes a ring exactly: what was pushed before Seal is accepted, nothing after.
type gate interface {
	Seal()
	Sealed() bool
}

// source is one ring of a stage: of events, or, where the stage declares that, of events with notes.
type source[T any] struct {
	view
	plain queue[T]
	noted queue[noted[T]]
	gate  gate // of the lanes of inlets
	book  int  // which of hand.popped counts what comes out of it

	maxAge time.Duration              // of events with notes, as that of the stage
	limit  *atomic.Pointer[admission] // and that of the inlet; nil: an edge leads here
}

// producers and consumers say which ring serves.
type sharing uint8

const (
	oneToOne   sharing = iota // a single worker
	manyToOne                 // a token, or a single worker, on the taking side
	manyToMany                //
)

// makeSource makes a ring of s, and of the inlet with that limit if there is one.
func makeSource[T any](st *stageCore, how sharing, capacity, book int, limit *atomic.Pointer[admission]) source[T] {
	s := source[T]{book: book, maxAge: st.maxAge, limit: limit}
	if st.noted {
		s.noted = makeRing[noted[T]](how, capacity)
		s.view = s.noted
		s.gate, _ = s.noted.(gate)
		return s
	}
	s.plain = makeRing[T](how, capacity)
	s.view = s.plain
	s.gate, _ = s.plain.(gate)
	return s
}

func makeRing[T any](how sharing, capacity int) queue[T] {
	switch how {
	case oneToOne:
		return ring.NewSPSC[T](capacity)
	case manyToOne:
		return ring.NewMPSC[T](capacity)
	default:
		return ring.NewMPMC[T](capacity)
	}
}

// push hands in one event at the time now.
func (q *source[T]) push(v T, n note, now Time) bool {
	if q.noted != nil {
		return q.noted.Push(noted[T]{v, n, now}, int64(now))
	}
	return q.plain.Push(v, int64(now))
}

// pop takes up to limit events more into the hand.
func (q *source[T]) pop(h *hand[T], limit int) int {
	var n int
	var stamp int64
	if q.noted != nil {
		n, stamp = q.unpack(h, limit)
	} else {
		n, stamp = q.plain.PopBatch(h.batch[h.n : h.n+limit])
	}
	if n == 0 {
		return 0
	}
	if h.n == 0 || stamp < h.head {
		h.head = stamp
	}
	h.n += n
	add(&h.popped[q.book], uint64(n))
	return n
}

func (q *source[T]) free() int { return q.Cap() - q.Len() }

// pending reports whether a published event waits in the shard.
func (sh *shard[T]) pending() bool {
	for _, class := range sh.sources {
		for i := range class {
			if _, ok := class[i].HeadTime(); ok {
				return true
			}
		}
	}
	return false
}

// claimed reports whether an inlet's lane holds an event, published or not.
func (sh *shard[T]) claimed() bool {
	for _, class := range sh.sources {
		for i := range class {
			if class[i].book > 0 && class[i].Len() > 0 {
				return true
			}
		}
	}
	return false
}

// empty reports whether nothing waits in the rings that edges push into.
func (sh *shard[T]) empty() bool {
	for i := range sh.rings {
		if sh.rings[i].Len() > 0 {
			return false
		}
	}
	return true
}
