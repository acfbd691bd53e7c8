package ring_test

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/ring"
)

// BenchmarkRoundTrip sends one event back and forth between two pinned threads
// over two queues, and over two bare words: what the caches cost alone, and
// which of its speeds the machine has just now (CPUs that share a cache are
// several times as fast as others). Besides the mean it reports percentiles of
// a round trip; each includes reading the clock once.
func BenchmarkRoundTrip(b *testing.B) {
	for _, queue := range []struct {
		name string
		make func() line
	}{
		{"Word", overWord},
		{"SPSC", func() line { return overRing(ring.NewSPSC[uint64](1024)) }},
		{"MPSC", func() line { return overRing(ring.NewMPSC[uint64](1024)) }},
		{"MPMC", func() line { return overRing(ring.NewMPMC[uint64](1024)) }},
		{"Slot", func() line { return overRing(ring.NewSlot[uint64](1024)) }},
		{"Chan", func() line {
			c := make(chan uint64, 1024)
			return line{func(v uint64) { c <- v }, func() uint64 { return <-c }}
		}},
	} {
		b.Run("topology=pingpong/queue="+queue.name, func(b *testing.B) {
			pingPong(b, queue.make(), queue.make())
		})
	}
}

// line is one direction.
type line struct {
	push func(uint64)
	pop  func() uint64 // spins until there is an event
}

// overWord holds one event, which may be overwritten once it is popped: fewer
// cache lines cannot carry one.
func overWord() line {
	var w struct {
		_ [128]byte
		atomic.Uint64
		_ [128]byte
	}
	last := uint64(0)
	return line{
		func(v uint64) { release.Store(&w.Uint64, v+1) },
		func() uint64 {
			for {
				if v := w.Load(); v != last {
					last = v
					return v - 1
				}
			}
		},
	}
}

func overRing(q queue[uint64]) line {
	return line{
		func(v uint64) { q.Push(v, 1) },
		func() uint64 {
			for {
				if v, _, ok := q.Pop(); ok {
					return v
				}
			}
		},
	}
}

func pingPong(b *testing.B, there, back line) {
	was := runtime.GOMAXPROCS(4) // spinning threads must leave Ps to others
	defer runtime.GOMAXPROCS(was)
	took := make([]time.Duration, b.N)
	var done sync.WaitGroup
	b.ResetTimer()
	done.Go(func() {
		pin(1)
		for range b.N {
			back.push(there.pop())
		}
	})
	done.Go(func() {
		pin(0)
		last := time.Now()
		for i := range took {
			there.push(uint64(i))
			back.pop()
			now := time.Now()
			took[i], last = now.Sub(last), now
		}
	})
	done.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[b.N/2]), "p50-ns")
	b.ReportMetric(float64(took[b.N-1-b.N/100]), "p99-ns")
}
