package arch

import (
	"context"
	"sync"

	"github.com/seda-go/seda/internal/workload"
)

// channels is the pipeline of the Go blog: a channel into each stage, and as
// many goroutines at each as there are workers, so that any stage can use every
// CPU, or as may block. A full channel holds back the stage before it.
type channels struct {
	handler *workload.Handler
	queues  []chan *workload.Request
	done    chan struct{}
	crews   crews
}

func startChannels(c Config) (Service, error) {
	s := &channels{handler: c.Handler, done: make(chan struct{})}
	for range c.Handler.Graph().Stages() {
		s.queues = append(s.queues, make(chan *workload.Request, c.Capacity))
	}
	s.crews = startCrews(s.handler.Graph(), c.crew(), s.serve)
	return s, nil
}

func (s *channels) serve(stage int) {
	for r := range s.queues[stage] {
		for _, next := range s.handler.Step(stage, r) {
			s.queues[next] <- r
		}
	}
}

func (s *channels) Submit(requests []*workload.Request) int { return offer(s.queues[0], requests) }

func (s *channels) Stop(ctx context.Context) error {
	go s.crews.dismiss(func(stage int) { close(s.queues[stage]) }, s.done)
	return wait(ctx, s.done)
}

func (s *channels) Batches() []float64 { return single(s.handler.Graph()) }

// crews are the goroutines of each stage.
type crews struct {
	order []int
	crews []sync.WaitGroup
}

// startCrews runs serve in a number of goroutines per stage.
func startCrews(g *workload.Graph, each int, serve func(stage int)) crews {
	c := crews{order: g.Order(), crews: make([]sync.WaitGroup, g.Stages())}
	for stage := range c.crews {
		for range each {
			c.crews[stage].Go(func() { serve(stage) })
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
