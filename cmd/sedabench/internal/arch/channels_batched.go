package arch

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/seda-go/seda/internal/workload"
)

// batched is channels of slices. A stage never waits for a batch to fill: it
// handles what is there, appends what it hands on to the batch for the next
// stage, and sends that when it is full or when there is nothing to handle.
// Slices are recycled.
type batched struct {
	handler  *workload.Handler
	size     int
	capacity int64
	queues   []chan *batch
	free     sync.Pool // of *batch
	done     chan struct{}
	crews    crews

	// waiting counts the requests in the first queue, whose batches are as small as the load offers them. Written by whoever submits
	// and by the first stage.
	waiting atomic.Int64
	handled []tally
}

// tally counts what a stage has handled. Written by the stage's goroutines when they end, read after all have.
type tally struct{ requests, batches atomic.Int64 }

type batch struct{ requests []*workload.Request }

func startBatched(c Config) (Service, error) {
	g := c.Handler.Graph()
	if c.Handler.Means.Sleeps() {
		c.Batch = 1 // who sleeps in a batch sleeps after those before
	}
	s := &batched{
		handler: c.Handler, size: c.Batch, capacity: int64(c.Capacity),
		done: make(chan struct{}), handled: make([]tally, g.Stages()),
	}
	s.free.New = func() any { return &batch{requests: make([]*workload.Request, 0, s.size)} }
	for stage := range g.Stages() {
		slots := c.Capacity // one request each at worst; waiting bounds the requests
		if stage > 0 {
			slots = max(c.Capacity/c.Batch, 1)
		}
		s.queues = append(s.queues, make(chan *batch, slots))
	}
	s.crews = startCrews(g, c.crew(), s.serve)
	return s, nil
}

func (s *batched) Submit(requests []*workload.Request) int {
	accepted := 0
	for accepted < len(requests) {
		part := requests[accepted:min(accepted+s.size, len(requests))]
		if over := s.waiting.Add(int64(len(part))) - s.capacity; over > 0 {
			over = min(over, int64(len(part)))
			s.waiting.Add(-over)
			part = part[:len(part)-int(over)]
		}
		if len(part) == 0 {
			break
		}
		b := s.take()
		b.requests = append(b.requests, part...)
		// There are as many slots as requests may wait, and each batch has at least one: this does not block.
		s.queues[0] <- b
		accepted += len(part)
	}
	return accepted
}

func (s *batched) take() *batch { return s.free.Get().(*batch) }

func (s *batched) recycle(b *batch) {
	clear(b.requests)
	b.requests = b.requests[:0]
	s.free.Put(b)
}

// serve is one goroutine of a stage.
func (s *batched) serve(stage int) {
	next := s.handler.Graph().Next(stage)
	out := make([]*batch, len(next))
	for i := range out {
		out[i] = s.take()
	}
	var requests, batches int64
	queue := s.queues[stage]
	for in := range queue {
		for in != nil {
			requests += int64(len(in.requests))
			batches++
			s.handle(stage, in, out)
			select {
			case in = <-queue: // nil when closed
			default:
				in = nil
			}
		}
		for i := range out {
			if len(out[i].requests) > 0 {
				s.send(next[i], out, i)
			}
		}
	}
	s.handled[stage].requests.Add(requests)
	s.handled[stage].batches.Add(batches)
}

func (s *batched) handle(stage int, in *batch, out []*batch) {
	if stage == 0 {
		s.waiting.Add(-int64(len(in.requests)))
	}
	for _, r := range in.requests {
		for i, next := range s.handler.Step(stage, r) {
			out[i].requests = append(out[i].requests, r)
			if len(out[i].requests) == s.size {
				s.send(next, out, i)
			}
		}
	}
	s.recycle(in)
}

func (s *batched) send(stage int, out []*batch, i int) {
	s.queues[stage] <- out[i]
	out[i] = s.take()
}

func (s *batched) Stop(ctx context.Context) error {
	go s.crews.dismiss(func(stage int) { close(s.queues[stage]) }, s.done)
	return wait(ctx, s.done)
}

func (s *batched) Batches() []float64 {
	means := make([]float64, len(s.handled))
	for i := range s.handled {
		if n := s.handled[i].batches.Load(); n > 0 {
			means[i] = float64(s.handled[i].requests.Load()) / float64(n)
		}
	}
	return means
}
