package staged

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/probes"
)

// Config describes a Service. Handler, Workers and Capacity must be set.
type Config struct {
	Handler  *workload.Handler
	Workers  int
	CPUs     affinity.Set  // where workers are pinned, as many as Workers; empty: nothing is pinned
	Capacity int           // of each ring
	MaxBatch int           // the most that a worker takes at once; 0: as the engine does
	Threads  int           // where stages may block: how many requests of each may do so at the same time
	Serial   bool          // each stage runs on one worker at a time
	Kinds    []Kind        // ways in, by Request.Kind; nil: one
	Cost     workload.Cost // of each batch of each stage
	Spin     workload.Spin // in which that is paid
	Policy   string        // one of Policies
	Timeline time.Duration // between two points of the time line; 0: there is none
	Probes   probes.Source // watches the workers' threads; nil: nobody does
	Park     bool          // sleep as soon as there is nothing to do, which is a must under a CPU quota
	Awake    bool          // never sleep
	Log      *slog.Logger
}

// Kind is how requests of one kind come in.
type Kind struct {
	Name   string
	Class  int           // 0 is the lowest
	Target time.Duration // how long such a request may take; 0: any time
}

// Service is an engine that runs. Submit may be called by any goroutine, handlers included.
type Service struct {
	engine   *engine.Engine
	inlets   []*engine.Inlet[*workload.Request]
	gate     *workload.Gate                // nil: requests do not go round
	recorder *recorder                     // nil: there is no time line
	cost     atomic.Pointer[workload.Cost] // of batches from now on: stored by SetCost, loaded by workers

	// Set by Stop.
	stats           engine.Stats
	failed, dropped int64
	decisions       []report.Decision
}

type (
	stage = engine.Stage[*workload.Request]
	edge  = engine.Edge[*workload.Request]
)

// Start starts an engine.
func Start(c Config) (*Service, error) {
	config := engine.Config{Name: "sedabench", Workers: c.Workers, Kind: engine.Shared, Procs: -1, Probes: c.Probes, Log: c.Log}
	if !c.CPUs.Empty() {
		config.CPUs, config.Kind = c.CPUs, engine.Pinned
	}
	switch {
	case c.Park:
		config.Idle = engine.Park
	case c.Awake:
		config.Idle = engine.Spin
	}
	g := c.Handler.Graph()
	if err := decide(&config, c.Policy, g, c.Workers); err != nil {
		return nil, err
	}
	s := &Service{gate: workload.NewGate(c.Handler, c.Capacity*g.Stages())}
	if c.Timeline > 0 {
		s.recorder = &recorder{every: int64(c.Timeline), graph: g}
		config.Policy = s.recorder.around(config.Policy)
	}
	s.engine = engine.New(config)
	s.SetCost(c.Cost)
	stages := s.addStages(&c, g)
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = []Kind{{Name: "load"}}
	}
	for i, k := range kinds {
		s.inlets = append(s.inlets, stages[g.Enters(i)].Inlet(inlet(k, c.Capacity)))
	}
	if err := s.engine.Start(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// SetCost changes what batches cost, from the next on. Any goroutine may call it.
func (s *Service) SetCost(c workload.Cost) { s.cost.Store(&c) }

func (s *Service) addStages(c *Config, g *workload.Graph) []*stage {
	classes := 1
	for _, k := range c.Kinds {
		classes = max(classes, k.Class+1)
	}
	stages := make([]*stage, g.Stages())
	for i := range stages {
		stages[i] = engine.Add(s.engine, c.stage(g, i, classes))
	}
	for i, from := range stages {
		var edges [workload.MaxStages]*edge // by the stage they lead to
		for next := g.Next(i); next != 0; next = next.Rest() {
			edges[next.First()] = engine.Connect(from, stages[next.First()])
		}
		if head, ok := g.Back(i); ok {
			// Its ring holds all that the gate lets in. What is dropped nevertheless, and counted, finds slots that another worker has not freed yet of what it takes.
			edges[head].Full = engine.Drop
		}
		from.HandleBatch(func(ctx *engine.Context, requests []*workload.Request) error {
			c.Spin.Spend(s.cost.Load().Batch(len(requests)))
			for _, r := range requests {
				for next := c.Handler.Step(i, r); next != 0; next = next.Rest() {
					edges[next.First()].Emit(ctx, r)
				}
			}
			return nil
		})
	}
	return stages
}

// Submit offers requests in order and returns how many, from the first, were accepted. It never waits.
func (s *Service) Submit(requests []*workload.Request) int {
	if len(s.inlets) == 1 {
		entered := requests[:s.gate.Enter(len(requests))]
		n, _ := s.inlets[0].TrySubmitBatch(entered) // the error only says why it is not all of them
		s.gate.Leave(len(entered) - n)
		return n
	}
	for i, r := range requests {
		if s.gate.Enter(1) == 0 {
			return i
		}
		if s.inlets[r.Kind].TrySubmit(r) != nil {
			s.gate.Leave(1)
			return i
		}
	}
	return len(requests)
}

// Stop drains the engine, ends all goroutines of the service, and returns an error if the books do not balance or ctx ended first.
func (s *Service) Stop(ctx context.Context) error {
	if err := s.engine.Drain(ctx); err != nil {
		return err
	}
	s.stats = s.engine.Stats()
	s.decisions = decisions(s.engine)
	for _, st := range s.stats.Stages {
		s.failed += int64(st.Failed)
		for _, e := range st.Edges {
			s.dropped += int64(e.Dropped)
		}
	}
	for _, st := range s.stats.Stages {
		if st.Entered != st.Completed+st.Expired || st.Depth != 0 {
			return fmt.Errorf("stage %s: entered %d, completed %d, expired %d, failed %d, depth %d",
				st.Name, st.Entered, st.Completed, st.Expired, st.Failed, st.Depth)
		}
	}
	return nil
}

// Losses returns, after Stop, how many handlings of requests failed, and how many requests were dropped on the way.
func (s *Service) Losses() (failed, dropped int64) { return s.failed, s.dropped }

// Stats returns what the engine counted, after Stop.
func (s *Service) Stats() engine.Stats { return s.stats }

// Batches returns, by stage and after Stop, how many requests were handled at once, in the mean; 0 where none was.
func (s *Service) Batches() (means []float64) {
	for _, st := range s.stats.Stages {
		mean := 0.0
		if st.Batches > 0 {
			mean = float64(st.Completed) / float64(st.Batches)
		}
		means = append(means, mean)
	}
	return means
}

// Timeline returns what the control loop saw from Start to Stop.
func (s *Service) Timeline() []report.Moment {
	if s.recorder == nil {
		return nil
	}
	return s.recorder.all()
}

// Decisions returns what the control side decided, the latest if there were very many, after Stop.
func (s *Service) Decisions() []report.Decision { return s.decisions }
