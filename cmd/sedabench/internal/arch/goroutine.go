package arch

import (
	"context"
	"sync/atomic"

	"github.com/seda-go/seda/internal/workload"
)

// perRequest starts a goroutine for each request, as net/http does for each
// connection. The Go scheduler is its queue; so that this is bounded too,
// requests beyond the room of the other architectures' queues, and of what
// their workers have in hand, are refused.
type perRequest struct {
	handler *workload.Handler
	limit   int64
	// alive counts goroutines, plus one until Stop. Whoever brings it to zero closes done.
	alive atomic.Int64
	done  chan struct{}
}

func startPerRequest(c Config) (Service, error) {
	s := &perRequest{handler: c.Handler, limit: int64(c.room() + c.Workers), done: make(chan struct{})}
	s.alive.Store(1)
	return s, nil
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
	s.handler.Run(r)
	s.leave()
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
