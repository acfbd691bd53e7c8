package arch

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/seda-go/seda/internal/workload"
)

// perRequest starts a goroutine for each request, as net/http does for each
// connection. The Go scheduler is its queue; so that this is bounded too,
// requests beyond the room of the other architectures' queues, and of what
// their workers have in hand, are refused.
//
// As thread each goroutine is locked to an operating-system thread, which the Go runtime keeps for the next one: what
// thread-per-request costs beyond a goroutine is a switch of threads by the kernel for each request, and memory.
//
// Where stages may block a semaphore bounds how many requests are being handled, which spares others what all of them wait for.
type perRequest struct {
	runner
	locked bool
	limit  int64
	turns  chan struct{} // the semaphore; nil: there is none
	// alive counts goroutines, plus one until Stop. Whoever brings it to zero closes done.
	alive atomic.Int64
	done  chan struct{}
}

func startPerRequest(c Config) (Service, error) {
	return newPerRequest(c, false, c.room()+c.hands()), nil
}

func startThreads(c Config) (Service, error) {
	return newPerRequest(c, true, min(c.room()+c.hands(), MaxThreads)), nil
}

func newPerRequest(c Config, locked bool, limit int) *perRequest {
	s := &perRequest{runner: newRunner(c.Handler), locked: locked, limit: int64(limit), done: make(chan struct{})}
	if c.blocks() {
		s.turns = make(chan struct{}, c.hands())
	}
	s.alive.Store(1)
	return s
}

func (s *perRequest) Submit(requests []*workload.Request) int {
	for i, r := range requests {
		if s.alive.Add(1) > s.limit+1 {
			s.leave()
			return i
		}
		go s.serve(r)
	}
	return len(requests)
}

func (s *perRequest) serve(r *workload.Request) {
	defer s.leave() // the last, so that whoever has stopped the service finds threads and semaphore given back
	if s.locked {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	if s.turns != nil {
		s.turns <- struct{}{}
		defer func() { <-s.turns }()
	}
	s.run(r)
}

func (s *perRequest) leave() {
	if s.alive.Add(-1) == 0 {
		close(s.done)
	}
}

func (s *perRequest) Stop(ctx context.Context) error {
	s.leave()
	return wait(ctx, s.done)
}

func (s *perRequest) Batches() []float64 { return single(s.handler.Graph()) }
