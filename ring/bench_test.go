package ring_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

type wide64 [8]uint64

// BenchmarkRing moves events from threads to threads, each pinned to a CPU and
// spinning when it finds nothing to do. The figure is nanoseconds per event.
// On a machine that others use as well, take the best of several runs:
//
//	go test -run '^$' -bench Ring/topology=1to1 -count 5 ./ring
func BenchmarkRing(b *testing.B) {
	for _, capacity := range []int{1024, 65536} {
		for _, batch := range []int{1, 8, 16, 64, 256} {
			benchQueues[uint64](b, "item=8", capacity, batch)
		}
		benchQueues[wide64](b, "item=64", capacity, 64)
	}
}

func benchQueues[T any](b *testing.B, item string, capacity, batch int) {
	for _, queue := range []struct {
		name string
		make func(capacity, batch int) loops
	}{
		{"SPSC", loopsSPSC[T]},
		{"MPSC", loopsMPSC[T]},
		{"MPMC", loopsMPMC[T]},
		{"Slot", loopsSlot[T]},
		{"Chan", loopsChan[T]},
	} {
		name := fmt.Sprintf("topology=1to1/%s/capacity=%d/batch=%d/queue=%s", item, capacity, batch, queue.name)
		b.Run(name, func(b *testing.B) { transfer(b, queue.make(capacity, batch)) })
	}
}

// chunk is the number of events after which the consumer looks at the clock:
// several times the largest ring, so that what waits in it does not count.
const chunk = 1 << 18

// transfer moves b.N events from one thread to another. Besides the mean it
// reports the median chunk and the 5th percentile: on a machine that others
// use as well, the mean says how often one of the two threads was preempted.
func transfer(b *testing.B, l loops) {
	was := runtime.GOMAXPROCS(4) // spinning threads must leave Ps to others
	defer runtime.GOMAXPROCS(was)
	var chunks []float64
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(2)
	done.Go(func() {
		pin(0)
		ready.Done()
		<-start
		l.produce(b.N)
	})
	done.Go(func() {
		pin(1)
		ready.Done()
		<-start
		for left := b.N; left > 0; left -= chunk {
			t := time.Now()
			l.consume(min(chunk, left))
			chunks = append(chunks, float64(time.Since(t))/float64(min(chunk, left)))
		}
	})
	ready.Wait()
	b.ReportAllocs()
	b.ResetTimer()
	close(start)
	done.Wait()
	slices.Sort(chunks)
	b.ReportMetric(chunks[len(chunks)/2], "p50-ns/event")
	b.ReportMetric(chunks[len(chunks)/20], "p5-ns/event")
}
