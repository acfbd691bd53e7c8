package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// play is a round that runs.
type play[T any] struct {
	round
	codec    codec[T]
	q        queue[T]
	group    sync.WaitGroup
	accepted []uint64    // of each producer, which writes it
	over     atomic.Bool // producers are to stop
	stopped  atomic.Int64
	popped   atomic.Int64
	books    []*book
	wrong    atomic.Pointer[error] // the first thing that is; it ends the round
}

// fail notes that something is wrong.
func (p *play[T]) fail(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	p.wrong.CompareAndSwap(nil, &err)
	p.over.Store(true)
}

// next returns the size of the next call.
func (p *play[T]) next(rng *rand.Rand) int {
	if p.mixed {
		return 1 + rng.IntN(p.batch)
	}
	return p.batch
}

func (p *play[T]) rng(id int) *rand.Rand { return rand.New(rand.NewPCG(p.seed+p.number, uint64(id))) }

func (p *play[T]) sealed() bool { return p.seal && p.q.(sealer).Sealed() }

func (p *play[T]) produce(id int) {
	defer p.stopped.Add(1)
	rng, items := p.rng(id), make([]T, p.batch)
	next, end := idOf(id, 0), idOf(id, p.events)
	var w waiter
	for next < end && !p.over.Load() {
		some := items[:min(p.next(rng), int(end-next))]
		p.codec.fill(some, next)
		n := p.push(rng, some, int64(next))
		next += uint64(n)
		p.accepted[id] = numberOf(next)
		if n == 0 {
			if p.sealed() {
				return
			}
			w.wait()
		} else {
			w = 0
		}
	}
}

// waiter counts tries in vain.
type waiter int

// wait lets others run, and where that did not help for long, as when there are more threads than CPUs, gives the CPU away.
func (w *waiter) wait() {
	if *w++; *w%512 == 0 {
		time.Sleep(20 * time.Microsecond)
	} else {
		runtime.Gosched()
	}
}

func (p *play[T]) push(rng *rand.Rand, items []T, stamp int64) int {
	switch {
	case len(items) == 1 && p.q.Push(items[0], stamp):
		return 1
	case len(items) == 1:
		return 0
	case p.mixed && len(items) <= p.capacity && rng.IntN(2) == 0:
		if p.q.PushAll(items, stamp) {
			return len(items)
		}
		return 0
	}
	return p.q.PushBatch(items, stamp)
}

func (p *play[T]) consume(b *book, id int) {
	rng, items := p.rng(1000+id), make([]T, p.batch)
	half := int64(p.producers) * int64(p.events) / 2
	var w waiter
	for {
		finished := p.finished()
		n, stamp := p.pop(items[:p.next(rng)])
		if n == 0 {
			if finished {
				return
			}
			w.wait()
			continue
		}
		w = 0
		if err := p.enter(b, items[:n], stamp); err != nil {
			p.fail("consumer %d: %w", id, err)
		}
		if p.seal && p.popped.Add(int64(n)) >= half {
			p.q.(sealer).Seal()
		}
	}
}

func (p *play[T]) pop(dst []T) (n int, stamp int64) {
	if len(dst) > 1 {
		return p.q.PopBatch(dst)
	}
	v, stamp, ok := p.q.Pop()
	if !ok {
		return 0, 0
	}
	dst[0] = v
	return 1, stamp
}

// enter enters what a pop gave, a run of one producer's at a time. Its stamp is the first event of the push that its first event came with.
func (p *play[T]) enter(b *book, items []T, stamp int64) error {
	first, _ := p.codec.run(items)
	if from := uint64(stamp); from > first || first-from >= uint64(p.batch) {
		return fmt.Errorf("event %#x has the stamp %#x of another push", first, stamp)
	}
	for len(items) > 0 {
		id, n := p.codec.run(items)
		if err := b.enter(id, n); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// finished reports that nothing will come out any more, or something is wrong.
func (p *play[T]) finished() bool {
	if p.wrong.Load() != nil {
		return true
	}
	over := p.sealed() || p.stopped.Load() == int64(p.producers)
	return over && p.q.Len() == 0
}

func (p *play[T]) watch() {
	for w := waiter(0); !p.finished(); w.wait() {
		if n := p.q.Len(); n < 0 || n > p.q.Cap() {
			p.fail("length %d", n)
		}
		if stamp, ok := p.q.HeadTime(); ok {
			if id, number := producerOf(uint64(stamp)), numberOf(uint64(stamp)); id >= p.producers || number >= uint64(p.events) {
				p.fail("head time %#x was never given", stamp)
			}
		}
	}
}
