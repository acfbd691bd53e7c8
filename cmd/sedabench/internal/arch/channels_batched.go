package arch

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/seda-go/seda/internal/workload"
)

// batched is channels of slices. A stage never waits for a batch to fill: it
// handles what is there, appends what it hands on to the batch for the next
// stage, and sends that when it is full, when there is nothing to handle, and
// at the latest after patience batches: else the few requests of a rare route, or of
// a cold key, would wait as long as there is plenty to do. Slices are recycled.
type batched struct {
	handler  *workload.Handler
	size     int
	capacity int64           // of the first queue
	queues   [][]chan *batch // by stage and part of the keys
	gate     *workload.Gate
	free     sync.Pool // of *batch
	sorting  sync.Pool // of *outgoing: for Submit
	done     chan struct{}
	crews    crews

	// waiting counts the requests in the first queue, whose batches are as small as the load offers them. Written by whoever submits
	// and by the first stage.
	waiting atomic.Int64
	handled []tally
}

// patience is how many batches a stage handles before it sends what it has to hand on in batches that are not full. What one request in patience does fills
// them by itself, and a batch in patience that is short costs next to nothing.
const patience = 16

// tally counts what a stage has handled. Written by the stage's goroutines when they end, read after all have.
type tally struct{ requests, batches atomic.Int64 }

type batch struct{ requests []*workload.Request }

func startBatched(c Config) (Service, error) {
	g := c.Handler.Graph()
	if c.Handler.Means.Sleeps() {
		c.Batch = 1 // who sleeps in a batch sleeps after those before
	}
	s := &batched{
		handler: c.Handler, size: c.Batch, capacity: int64(c.Capacity), gate: workload.NewGate(c.Handler, c.room()),
		queues: make([][]chan *batch, g.Stages()), done: make(chan struct{}), handled: make([]tally, g.Stages()),
	}
	s.free.New = func() any { return &batch{requests: make([]*workload.Request, 0, s.size)} }
	s.sorting.New = func() any { return s.newOutgoing(0) }
	for stage := range s.queues {
		slots := c.queue() // one request each at worst; waiting, or the gate, bounds the requests
		if stage > 0 && s.gate == nil {
			slots = max(c.part(stage)/c.Batch, 1)
		}
		for range c.parts(stage) {
			s.queues[stage] = append(s.queues[stage], make(chan *batch, slots))
		}
	}
	s.crews = startCrews(g, c.crew(), s.serve)
	return s, nil
}

func (s *batched) Submit(requests []*workload.Request) int {
	accepted := 0
	for accepted < len(requests) {
		part := requests[accepted:min(accepted+s.size, len(requests))]
		part = part[:s.enter(len(part))]
		if len(part) == 0 {
			break
		}
		// There are as many slots as requests may wait, and each batch has at least one: this does not block.
		if len(s.queues[0]) == 1 {
			b := s.take()
			b.requests = append(b.requests, part...)
			s.queues[0][0] <- b
		} else {
			s.submitByKey(part)
		}
		accepted += len(part)
	}
	return accepted
}

// enter returns how many of n requests there is room for, and takes it.
func (s *batched) enter(n int) int {
	if s.gate != nil {
		return s.gate.Enter(n)
	}
	over := min(max(s.waiting.Add(int64(n))-s.capacity, 0), int64(n))
	s.waiting.Add(-over)
	return n - int(over)
}

func (s *batched) submitByKey(requests []*workload.Request) {
	o := s.sorting.Get().(*outgoing)
	for _, r := range requests {
		o.add(r)
	}
	o.flush()
	s.sorting.Put(o)
}

// outgoing is what goes to a stage next: a batch for each part of the keys. It belongs to one goroutine at a time.
type outgoing struct {
	*batched
	stage int
	parts []*batch
}

func (s *batched) newOutgoing(stage int) *outgoing {
	o := &outgoing{batched: s, stage: stage, parts: make([]*batch, len(s.queues[stage]))}
	for i := range o.parts {
		o.parts[i] = s.take()
	}
	return o
}

func (o *outgoing) add(r *workload.Request) {
	part := 0
	if len(o.parts) > 1 {
		part = partOf(r.Key, len(o.parts))
	}
	b := o.parts[part]
	if b.requests = append(b.requests, r); len(b.requests) == o.size {
		o.send(part)
	}
}

func (o *outgoing) send(part int) {
	o.queues[o.stage][part] <- o.parts[part]
	o.parts[part] = o.take()
}

func (o *outgoing) flush() {
	for part, b := range o.parts {
		if len(b.requests) > 0 {
			o.send(part)
		}
	}
}

// flushAll sends what goes to any stage.
func flushAll(out []*outgoing) {
	for _, o := range out {
		if o != nil {
			o.flush()
		}
	}
}

func (s *batched) take() *batch { return s.free.Get().(*batch) }

func (s *batched) recycle(b *batch) {
	clear(b.requests)
	b.requests = b.requests[:0]
	s.free.Put(b)
}

// serve is one goroutine of a stage.
func (s *batched) serve(stage, worker int) {
	out := make([]*outgoing, len(s.queues)) // by stage; nil where this one does not lead to
	for next := s.handler.Graph().Next(stage); next != 0; next = next.Rest() {
		out[next.First()] = s.newOutgoing(next.First())
	}
	var requests, batches int64
	queue := s.queues[stage][worker%len(s.queues[stage])]
	for in := range queue {
		for in != nil {
			requests += int64(len(in.requests))
			batches++
			s.handle(stage, in, out)
			if batches%patience == 0 {
				flushAll(out)
			}
			select {
			case in = <-queue: // nil when closed
			default:
				in = nil
			}
		}
		flushAll(out)
	}
	s.handled[stage].requests.Add(requests)
	s.handled[stage].batches.Add(batches)
}

func (s *batched) handle(stage int, in *batch, out []*outgoing) {
	if stage == 0 && s.gate == nil {
		s.waiting.Add(-int64(len(in.requests)))
	}
	for _, r := range in.requests {
		for next := s.handler.Step(stage, r); next != 0; next = next.Rest() {
			out[next.First()].add(r)
		}
	}
	s.recycle(in)
}

func (s *batched) Stop(ctx context.Context) error {
	s.gate.Close()
	go func() {
		s.gate.Empty()
		s.crews.dismiss(func(stage int) { closeAll(s.queues[stage]) }, s.done)
	}()
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
