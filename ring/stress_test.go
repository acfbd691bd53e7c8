package ring_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/ring"
)

// item says who pushed it and as which; the body repeats that, so that a torn
// or misplaced copy shows.
type item struct {
	producer int32
	number   int32
	body     [4]int64
}

func newItem(producer, number int) item {
	v := int64(producer)<<32 | int64(number)
	return item{int32(producer), int32(number), [4]int64{v, v, v, v}}
}

func (it item) whole() bool { return it == newItem(int(it.producer), int(it.number)) }

// stress runs producers and consumers on one ring and keeps what came out.
type stress struct {
	q                    queue[item]
	producers, consumers int
	perProducer          int
	maxBatch             int
	sealAfter            int // events popped before the ring is sealed; 0: never

	accepted []int // per producer, written by it
	popped   atomic.Int64
	stopped  atomic.Int64 // producers that will push nothing more
	got      [][]item     // per consumer, in the order of its pops
	firsts   [][]int      // per consumer: indexes into got where a pop began
	stamps   [][]int64    // per consumer: the stamp of each pop
}

func (s *stress) run(t *testing.T) {
	s.accepted = make([]int, s.producers)
	s.got = make([][]item, s.consumers)
	s.firsts = make([][]int, s.consumers)
	s.stamps = make([][]int64, s.consumers)
	var wg sync.WaitGroup
	for p := range s.producers {
		wg.Go(func() { s.produce(p) })
	}
	for c := range s.consumers {
		wg.Go(func() { s.consume(c) })
	}
	wg.Go(func() { s.watch(t) })
	wg.Wait()
	s.check(t)
}

// stampOf is the time a producer gives to a push whose first event is number:
// from the stamp of a pop one can tell which push it came from.
func stampOf(producer, number int) int64 { return int64(producer)<<32 | int64(number) }

func (s *stress) produce(p int) {
	defer s.stopped.Add(1)
	rng := rand.New(rand.NewPCG(seed(), uint64(p)))
	for next := 0; next < s.perProducer; {
		n := min(1+rng.IntN(s.maxBatch), s.perProducer-next)
		batch := make([]item, n)
		for i := range batch {
			batch[i] = newItem(p, next+i)
		}
		pushed := 0
		switch stamp := stampOf(p, next); rng.IntN(3) {
		case 0:
			if s.q.Push(batch[0], stamp) {
				pushed = 1
			}
		case 1:
			if s.q.PushAll(batch, stamp) {
				pushed = n
			}
		case 2:
			pushed = s.q.PushBatch(batch, stamp)
		}
		next += pushed
		s.accepted[p] = next
		if pushed == 0 {
			if s.sealAfter > 0 && s.q.(sealer).Sealed() {
				return
			}
			runtime.Gosched()
		}
	}
}

func (s *stress) consume(c int) {
	rng := rand.New(rand.NewPCG(seed(), 1000+uint64(c)))
	dst := make([]item, s.maxBatch)
	for {
		finished := s.finished()
		n, stamp := 0, int64(0)
		if rng.IntN(3) == 0 {
			v, st, ok := s.q.Pop()
			if ok {
				dst[0], n, stamp = v, 1, st
			}
		} else {
			n, stamp = s.q.PopBatch(dst[:1+rng.IntN(len(dst))])
		}
		if n == 0 {
			if finished {
				return
			}
			runtime.Gosched()
			continue
		}
		s.firsts[c] = append(s.firsts[c], len(s.got[c]))
		s.stamps[c] = append(s.stamps[c], stamp)
		s.got[c] = append(s.got[c], dst[:n]...)
		if all := s.popped.Add(int64(n)); s.sealAfter > 0 && all >= int64(s.sealAfter) {
			s.q.(sealer).Seal()
		}
	}
}

// finished reports that nothing will come out any more. A sealed ring says so
// itself; otherwise the producers must have stopped.
func (s *stress) finished() bool {
	if s.sealAfter > 0 {
		return s.q.(sealer).Sealed() && s.q.Len() == 0
	}
	return s.stopped.Load() == int64(s.producers) && s.q.Len() == 0
}

// watch reads what any goroutine may read while the others work.
func (s *stress) watch(t *testing.T) {
	for !s.finished() {
		if n := s.q.Len(); n < 0 || n > s.q.Cap() {
			t.Errorf("length %d of %d", n, s.q.Cap())
		}
		if stamp, ok := s.q.HeadTime(); ok && (stamp < 0 || stamp>>32 >= int64(s.producers) || int(int32(stamp)) >= s.perProducer) {
			t.Errorf("head time %#x was never given", stamp)
		}
		runtime.Gosched()
	}
}

// check finds lost, doubled, torn and misordered events and wrong stamps.
func (s *stress) check(t *testing.T) {
	t.Helper()
	seen := make([][]bool, s.producers)
	for p := range seen {
		seen[p] = make([]bool, s.accepted[p])
	}
	for c := range s.consumers {
		last := make([]int, s.producers)
		for i := range last {
			last[i] = -1
		}
		for _, it := range s.got[c] {
			p, n := int(it.producer), int(it.number)
			switch {
			case !it.whole():
				t.Fatalf("torn event %+v", it)
			case n >= s.accepted[p]:
				t.Fatalf("event %d of producer %d was refused and came out", n, p)
			case seen[p][n]:
				t.Fatalf("event %d of producer %d came out twice", n, p)
			case n <= last[p]:
				t.Fatalf("events %d, %d of producer %d came out in this order at consumer %d", last[p], n, p, c)
			}
			seen[p][n] = true
			last[p] = n
		}
		s.checkStamps(t, c)
	}
	for p := range seen {
		for n, ok := range seen[p] {
			if !ok {
				t.Fatalf("event %d of producer %d was lost", n, p)
			}
		}
	}
	require.Zero(t, s.q.Len())
}

// checkStamps compares the stamp of every pop of a consumer with the push that
// its first event came from.
func (s *stress) checkStamps(t *testing.T, c int) {
	t.Helper()
	for i, at := range s.firsts[c] {
		first, stamp := s.got[c][at], s.stamps[c][i]
		from := int32(stamp)
		if int64(first.producer) != stamp>>32 || from > first.number || int(first.number-from) >= s.maxBatch {
			t.Fatalf("event %d of producer %d has the stamp %#x of another push", first.number, first.producer, stamp)
		}
	}
}

func TestStress(t *testing.T) {
	perProducer := 9_000
	if invariant.Enabled {
		perProducer = 2_500
	}
	if testing.Short() {
		perProducer /= 4
	}
	delay(t)
	eachKind(t, func(t *testing.T, k kind) {
		runs := 0
		for procs := 1; procs <= 8; procs++ {
			for _, capacity := range []int{2, 16, 512} {
				for _, sides := range [][2]int{{1, 1}, {3, 1}, {1, 3}, {3, 3}} {
					if k.producers == 1 && sides[0] > 1 || k.consumers == 1 && sides[1] > 1 {
						continue
					}
					name := fmt.Sprintf("procs=%d/capacity=%d/%dto%d", procs, capacity, sides[0], sides[1])
					t.Run(name, func(t *testing.T) {
						withProcs(t, procs)
						runs++
						s := stress{
							q:           make1[item](k, capacity, k.starts[len(k.starts)-1-runs%4]), // next to the end
							producers:   sides[0],
							consumers:   sides[1],
							perProducer: perProducer / sides[0],
							maxBatch:    min(capacity+1, 300),
						}
						if capacity == 2 {
							s.perProducer /= 4
						}
						s.run(t)
					})
				}
			}
		}
	})
}

// The ring is sealed in the middle: what was accepted comes out, what was
// refused does not, and Sealed with a Len of 0 is the end.
func TestStressSeal(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 8
	}
	delay(t)
	for _, k := range kinds[1:3] {
		for _, procs := range []int{1, 2, 4, 8} {
			t.Run(fmt.Sprintf("%s/procs=%d", k.name, procs), func(t *testing.T) {
				withProcs(t, procs)
				for round := range rounds {
					s := stress{
						q:           make1[item](k, 16, k.starts[round%len(k.starts)]),
						producers:   4,
						consumers:   max(1, 3-2*k.consumers),
						perProducer: 1 << 20, // more than the seal lets through
						maxBatch:    6,
						sealAfter:   1 + round*37,
					}
					s.run(t)
				}
			})
		}
	}
}

// Events are pointers, and the collector marks them all the while.
func TestStressPointers(t *testing.T) {
	delay(t)
	eachKind(t, func(t *testing.T, k kind) {
		withProcs(t, 4)
		sides := [2]int{3, 3}
		if k.producers == 1 {
			sides[0] = 1
		}
		if k.consumers == 1 {
			sides[1] = 1
		}
		s := stress{
			q:         boxed[item]{make1[*item](k, 64, k.starts[len(k.starts)-3])},
			producers: sides[0], consumers: sides[1], perProducer: 6_000 / sides[0], maxBatch: 24,
		}
		var done atomic.Bool
		var collecting sync.WaitGroup
		collecting.Go(func() {
			for !done.Load() {
				runtime.GC()
			}
		})
		s.run(t)
		done.Store(true)
		collecting.Wait()
		require.Zero(t, ring.Kept[*item](s.q.(boxed[item]).queue))
	})
}

func withProcs(t *testing.T, n int) {
	was := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(was) })
}
