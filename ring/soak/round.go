package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/seda-go/seda/ring"
)

// kinds are the types of rings, by the number of a round's.
var kinds = [...]string{"SPSC", "MPSC", "MPMC", "Slot"}

// sizes are what can be the event: eight bytes, a cache line, a pointer.
var sizes = [...]string{"8 bytes", "64 bytes", "a pointer"}

// round is a ring and who uses it.
type round struct {
	seed, number         uint64
	kind, size           int
	capacity, batch      int // calls have 1 to batch events
	mixed                bool
	producers, consumers int
	procs                int
	seal                 bool // in the middle
	watched              bool // somebody asks for Len and HeadTime all the while
	events               int  // of each producer
}

func newRound(seed, number uint64) round {
	rng := rand.New(rand.NewPCG(seed, number))
	r := round{
		seed: seed, number: number,
		kind: rng.IntN(len(kinds)), capacity: 2 << rng.IntN(16), mixed: rng.IntN(2) == 0,
		producers: 1 + rng.IntN(4), consumers: 1 + rng.IntN(4), procs: 1 + rng.IntN(min(2*runtime.NumCPU(), 8)),
		watched: rng.IntN(8) == 0,
	}
	if rng.IntN(8) == 0 {
		r.size = 1 + rng.IntN(2)
	}
	r.batch = []int{1, 2, 7, 16, 64, 256, 300, r.capacity, r.capacity + 1}[rng.IntN(9)]
	switch kinds[r.kind] {
	case "SPSC":
		r.producers, r.consumers = 1, 1
	case "MPSC":
		r.consumers = 1
	}
	r.seal = (kinds[r.kind] == "MPSC" || kinds[r.kind] == "MPMC") && rng.IntN(4) == 0
	all := 1 << 23
	if r.size > 0 || min(r.batch, r.capacity) < 16 {
		all = 1 << 19
	}
	r.events = all / r.producers
	return r
}

func (r round) String() string {
	text := fmt.Sprintf("%s, capacity %d, %s, %d to %d, batches of ", kinds[r.kind], r.capacity, sizes[r.size], r.producers, r.consumers)
	if r.mixed && r.batch > 1 {
		text += "1 to "
	}
	text += fmt.Sprintf("%d, GOMAXPROCS %d, at most %d events each", r.batch, r.procs, r.events)
	if r.seal {
		text += ", sealed in the middle"
	}
	return text
}

const (
	longest  = 50 * time.Millisecond // for producers: some rings and CPUs move a hundred times fewer than others
	patience = 2 * time.Minute
)

// run returns how many events came out.
func (r round) run() (uint64, error) {
	if runtime.GOMAXPROCS(0) != r.procs {
		runtime.GOMAXPROCS(r.procs)
	}
	switch r.size {
	case 0:
		return runOf(r, word{})
	case 1:
		return runOf(r, line{})
	default:
		return runOf(r, newBoxes(r))
	}
}

func runOf[T any](r round, c codec[T]) (uint64, error) {
	p := play[T]{round: r, codec: c, q: makeRing[T](r), accepted: make([]uint64, r.producers)}
	for range r.consumers {
		p.books = append(p.books, newBook(r))
	}
	for id := range r.producers {
		p.group.Go(func() { p.produce(id) })
	}
	for id := range r.consumers {
		p.group.Go(func() { p.consume(p.books[id], id) })
	}
	if r.watched {
		p.group.Go(p.watch)
	}
	enough := time.AfterFunc(longest, func() { p.over.Store(true) })
	defer enough.Stop()
	ended := make(chan struct{})
	go func() { p.group.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		stamp, ok := p.q.HeadTime()
		return 0, fmt.Errorf("no end after %v: length %d, head %#x %v, %d producers have ended", patience, p.q.Len(), stamp, ok, p.stopped.Load())
	}
	if err := p.wrong.Load(); err != nil {
		return 0, *err
	}
	return balance(p.accepted, p.books)
}

// queue is what all rings have.
type queue[T any] interface {
	PushBatch(items []T, stamp int64) int
	PushAll(items []T, stamp int64) bool
	Push(v T, stamp int64) bool
	PopBatch(dst []T) (n int, stamp int64)
	Pop() (v T, stamp int64, ok bool)
	HeadTime() (stamp int64, ok bool)
	Len() int
	Cap() int
}

// sealer is what those have that are sealed.
type sealer interface {
	Seal()
	Sealed() bool
}

func makeRing[T any](r round) queue[T] {
	switch kinds[r.kind] {
	case "SPSC":
		return ring.NewSPSC[T](r.capacity)
	case "MPSC":
		return ring.NewMPSC[T](r.capacity)
	case "MPMC":
		return ring.NewMPMC[T](r.capacity)
	default:
		return ring.NewSlot[T](r.capacity)
	}
}
