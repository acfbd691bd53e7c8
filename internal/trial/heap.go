package trial

import (
	"runtime/metrics"
	"time"
)

// heapEvery is how often the heap is looked at: the most there was between is not seen.
const heapEvery = 5 * time.Millisecond

// watchHeap looks at the memory that objects take, garbage included, until the returned function is called, which returns the most there was.
func watchHeap() func() uint64 {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(heapEvery)
		defer tick.Stop()
		seen := uint64(0)
		for {
			metrics.Read(sample)
			seen = max(seen, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-stop:
				most <- seen
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}
