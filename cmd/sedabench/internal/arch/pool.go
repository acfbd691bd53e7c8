package arch

import (
	"context"
	"sync"

	"github.com/seda-go/seda/internal/workload"
)

// pool is a fixed number of goroutines at one queue: as many as workers or, where stages may block, as may do so. Each handles a request
// from start to end, so that requests cross between threads once.
type pool struct {
	runner
	queue chan *workload.Request
	done  chan struct{}
}

func startPool(c Config) (Service, error) {
	s := &pool{runner: newRunner(c.Handler), queue: make(chan *workload.Request, c.room()), done: make(chan struct{})}
	var workers sync.WaitGroup
	for range c.hands() {
		workers.Go(s.work)
	}
	go func() {
		workers.Wait()
		close(s.done)
	}()
	return s, nil
}

func (s *pool) work() {
	for r := range s.queue {
		s.run(r)
	}
}

func (s *pool) Submit(requests []*workload.Request) int { return offer(s.queue, requests) }

// offer puts requests into a channel until it is full, and returns how many.
func offer(queue chan<- *workload.Request, requests []*workload.Request) int {
	for i, r := range requests {
		select {
		case queue <- r:
		default:
			return i
		}
	}
	return len(requests)
}

func (s *pool) Stop(ctx context.Context) error {
	close(s.queue)
	return wait(ctx, s.done)
}

func (s *pool) Batches() []float64 { return single(s.handler.Graph()) }
