package engine

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Backlog is a view of what waits in a stage. Sample makes it.
type Backlog struct {
	At     Time    // when the queues were looked at
	Queues []Queue // those in which something waits, by shard, then class
	Owed   int     // events that workers keep until the queues have room
	Later  int     // events of After that wait for their time, or, when that has come, for room
	// Batch is the size of the batch that Events come from; 0 says that Sample saw none, and there are no Events.
	Batch  int
	Events []Waiting // the first of that batch, in the order in which they are handled
}

// Queue is the rings of a shard and class: that of the edges, and those of the inlets.
type Queue struct {
	Shard, Class int           // 0 in stages that have but one
	Depth        int           // events
	HeadAge      time.Duration // how long the oldest has waited; 0 too where its publisher has not finished
}

// Waiting is an event that waited until just now.
type Waiting struct {
	Age          time.Duration // how long it waited; 0 if the stage before handed it over directly
	Shard, Class int
	Key          uint64 // what the stage's Key says of it; 0 without a Key
	Type         string // its dynamic type
}

// ask is a request for a view of the next batch. Whoever takes it out of stageCore.asked - the worker that answers, or the caller that
// waits no more - decides what becomes of it.
type ask struct {
	most   int
	batch  int           // written by the worker that answers, before done is closed
	events []Waiting     // as batch
	done   chan struct{} // closed by that worker
}

// Sample returns a view of what waits in the stage, and stops nobody for it: the queues as they are now, and up to n events, at most
// MaxBatch. An event cannot be read out of a ring while workers take it away; the worker that takes the stage's next batch, of whichever
// shard, describes the events as it takes them. Sample waits for that worker until ctx ends or the engine does: then Batch is 0. With n of
// 0 it does not wait.
//
// Calls for one stage take turns. A call costs the callers of the stage nothing, and one of its batches some allocations and a microsecond or so;
// without a call a batch pays for one load. Any goroutine may call Sample but a worker's. The error is ErrNotStarted, or ErrClosed once
// the engine has ended.
func (s *Stage[T]) Sample(ctx context.Context, n int) (Backlog, error) {
	switch {
	case !s.inlet.open.Load():
		return Backlog{}, s.inlet.errNotStarted
	case s.e.isDone():
		return Backlog{}, s.inlet.errClosed
	}
	b := s.backlog()
	if n <= 0 {
		return b, nil
	}
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return b, nil
	case <-s.e.done:
		return b, nil
	}
	a := &ask{most: n, done: make(chan struct{})}
	s.asked.Store(a)
	if m := s.e.manual; m != nil && !m.canWait(ctx, a.answered) {
		s.withdrawAsk(a)
		return b, nil
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		s.withdrawAsk(a)
	case <-s.e.done:
		s.withdrawAsk(a)
	}
	b.Batch, b.Events = a.batch, a.events
	return b, nil
}

func (a *ask) answered() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// withdrawAsk returns when no worker will answer a any more. One that has taken it is about to be done.
func (s *stageCore) withdrawAsk(a *ask) {
	if !s.asked.CompareAndSwap(a, nil) {
		<-a.done
	}
}

// backlog looks at the rings, as anybody may.
func (s *Stage[T]) backlog() Backlog {
	b := Backlog{At: s.e.now()}
	for i := range s.shards {
		for class, sources := range s.shards[i].sources {
			q := Queue{Shard: i, Class: class}
			for k := range sources {
				q.Depth += sources[k].Len()
				if t, ok := sources[k].HeadTime(); ok {
					q.HeadAge = max(q.HeadAge, b.At.Sub(Time(t)))
				}
			}
			if q.Depth > 0 {
				b.Queues = append(b.Queues, q)
			}
		}
	}
	for _, ed := range s.ins {
		es := ed.stats()
		b.Owed += es.Owed
		b.Later += es.Pending
	}
	return b
}

// fillFor is shard.fill with a look at what it takes. The first events are taken one by one, since a pop tells how long the
// oldest of its events has waited.
func (s *Stage[T]) fillFor(a *ask, sh *shard[T], h *hand[T], m *mix, limit int) {
	var events []Waiting
	oldest, now := int64(math.MaxInt64), s.e.now()
	for n := range min(a.most, limit) {
		h.head = math.MaxInt64
		if sh.fill(h, m, n+1); h.n == n {
			break
		}
		oldest = min(oldest, h.head)
		events = append(events, s.describe(h, n, now.Sub(Time(h.head))))
	}
	h.head = oldest
	if h.n == 0 {
		return // another batch will answer
	}
	sh.fill(h, m, limit)
	s.answer(a, events, h.n)
}

// showDirect answers from a batch that did not wait.
func (s *Stage[T]) showDirect(a *ask, h *hand[T]) {
	var events []Waiting
	for i := range min(a.most, h.n) {
		events = append(events, s.describe(h, i, 0))
	}
	s.answer(a, events, h.n)
}

// answer gives the caller of Sample its view, unless another worker was faster or the caller has left.
func (s *stageCore) answer(a *ask, events []Waiting, batch int) {
	if s.asked.CompareAndSwap(a, nil) {
		a.events, a.batch = events, batch
		close(a.done)
	}
}

// describe tells about event i of the hand. The event is w's alone by now.
func (s *Stage[T]) describe(h *hand[T], i int, age time.Duration) Waiting {
	v := Waiting{Age: max(age, 0), Shard: h.shard, Type: fmt.Sprintf("%T", h.batch[i])}
	if s.noted {
		v.Class = int(h.notes[i].class)
	}
	if s.key != nil {
		v.Key = s.tryKey(h.batch[i])
	}
	return v
}

// tryKey returns the key of v, or 0 if the key function panics.
func (s *Stage[T]) tryKey(v T) uint64 {
	defer func() { _ = recover() }()
	return s.key(v)
}
