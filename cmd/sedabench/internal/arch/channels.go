package arch

import (
	"context"
	"sync"

	"github.com/seda-go/seda/internal/workload"
)

// channels is the pipeline of the Go blog: a channel into each stage, and as
// many goroutines at each as there are workers, so that any stage can use every
// CPU, or as may block. A full channel holds back the stage before it. A keyed
// stage has a channel for each of its goroutines, which get the requests of their
// keys.
type channels struct {
	handler *workload.Handler
	queues  [][]chan *workload.Request // by stage and part of the keys
	gate    *workload.Gate
	done    chan struct{}
	crews   crews
}

func startChannels(c Config) (Service, error) {
	s := &channels{handler: c.Handler, gate: workload.NewGate(c.Handler, c.room()), done: make(chan struct{})}
	s.queues = make([][]chan *workload.Request, c.Handler.Graph().Stages())
	for stage := range s.queues {
		for range c.parts(stage) {
			s.queues[stage] = append(s.queues[stage], make(chan *workload.Request, c.part(stage)))
		}
	}
	s.crews = startCrews(s.handler.Graph(), c.crew(), s.serve)
	return s, nil
}

func (s *channels) serve(stage, worker int) {
	parts := s.queues[stage]
	for r := range parts[worker%len(parts)] {
		for next := s.handler.Step(stage, r); next != 0; next = next.Rest() {
			s.queue(next.First(), r) <- r
		}
	}
}

// queue is where r waits for a stage.
func (s *channels) queue(stage int, r *workload.Request) chan *workload.Request {
	parts := s.queues[stage]
	if len(parts) == 1 {
		return parts[0]
	}
	return parts[partOf(r.Key, len(parts))]
}

func (s *channels) Submit(requests []*workload.Request) int {
	entered := requests[:s.gate.Enter(len(requests))]
	accepted := 0
	if len(s.queues[0]) == 1 {
		accepted = offer(s.queues[0][0], entered)
	} else {
		for accepted < len(entered) && offer(s.queue(0, entered[accepted]), entered[accepted:accepted+1]) == 1 {
			accepted++
		}
	}
	s.gate.Leave(len(entered) - accepted)
	return accepted
}

func (s *channels) Stop(ctx context.Context) error {
	s.gate.Close()
	go func() {
		s.gate.Empty()
		s.crews.dismiss(func(stage int) { closeAll(s.queues[stage]) }, s.done)
	}()
	return wait(ctx, s.done)
}

func closeAll[T any](queues []chan T) {
	for _, q := range queues {
		close(q)
	}
}

func (s *channels) Batches() []float64 { return single(s.handler.Graph()) }

// crews are the goroutines of each stage.
type crews struct {
	order []int
	crews []sync.WaitGroup
}

// startCrews runs serve in a number of goroutines per stage.
func startCrews(g *workload.Graph, each int, serve func(stage, worker int)) crews {
	c := crews{order: g.Order(), crews: make([]sync.WaitGroup, g.Stages())}
	for stage := range c.crews {
		for worker := range each {
			c.crews[stage].Go(func() { serve(stage, worker) })
		}
	}
	return c
}

// dismiss ends the stages one after another, so that what one hands on finds
// the next still there, and then closes done.
func (c crews) dismiss(closeQueue func(stage int), done chan<- struct{}) {
	for _, stage := range c.order {
		closeQueue(stage)
		c.crews[stage].Wait()
	}
	close(done)
}
