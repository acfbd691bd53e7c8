package arch

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/workload"
)

// Policies are the ways the staged engine can share its workers between stages.
func Policies() []string { return []string{"serve-all", "static"} }

// staged is the engine of this module: a stage for each stage of the graph, a
// blocking edge where one follows another, and an inlet for the load.
type staged struct {
	engine *engine.Engine
	inlet  *engine.Inlet[*workload.Request]
	means  []float64

	failed, dropped int64 // set by Stop
}

type (
	stage = engine.Stage[*workload.Request]
	edge  = engine.Edge[*workload.Request]
)

func startStaged(c Config) (Service, error) {
	g := c.Handler.Graph()
	config := engine.Config{Name: "sedabench", Workers: c.Workers, Kind: engine.Shared, Procs: -1, Log: c.Log}
	if !c.CPUs.Empty() {
		config.CPUs, config.Kind = c.CPUs, engine.Pinned
	}
	if c.Park {
		config.Idle = engine.Park
	}
	if c.Policy == "static" {
		config.Assign = assign(g, c.Workers)
	}
	s := &staged{engine: engine.New(config)}
	stages := make([]*stage, g.Stages())
	for i := range stages {
		stages[i] = engine.Add(s.engine, engine.StageConfig[*workload.Request]{
			Name: g.Name(i), Capacity: c.Capacity, MaxBatch: min(c.Batch, c.Capacity),
		})
	}
	for i, from := range stages {
		var edges []*edge
		for _, next := range g.Next(i) {
			edges = append(edges, engine.Connect(from, stages[next]))
		}
		from.HandleBatch(func(ctx *engine.Context, requests []*workload.Request) error {
			for _, r := range requests {
				for k := range c.Handler.Step(i, r) {
					edges[k].Emit(ctx, r)
				}
			}
			return nil
		})
	}
	s.inlet = stages[0].Inlet(engine.InletConfig{Name: "load", Capacity: c.Capacity})
	return s, s.engine.Start(context.Background())
}

// assign gives each worker its own stages, neighbours together; with more
// workers than stages, each stage workers of its own, in turn.
func assign(g *workload.Graph, workers int) map[string][]int {
	plan := map[string][]int{}
	stages := g.Stages()
	for i := range max(stages, workers) {
		stage, worker := i, i*workers/stages
		if workers > stages {
			stage, worker = i%stages, i
		}
		plan[g.Name(stage)] = append(plan[g.Name(stage)], worker)
	}
	return plan
}

func (s *staged) Submit(requests []*workload.Request) int {
	n, _ := s.inlet.TrySubmitBatch(requests) // the error only says why it is not all of them
	return n
}

// Stop drains the engine and checks its books.
func (s *staged) Stop(ctx context.Context) error {
	if err := s.engine.Drain(ctx); err != nil {
		return err
	}
	stages := s.engine.Stats().Stages
	for _, st := range stages {
		s.failed += int64(st.Failed)
		for _, e := range st.Edges {
			s.dropped += int64(e.Dropped)
		}
	}
	for _, st := range stages {
		if st.Entered != st.Completed || st.Depth != 0 {
			return fmt.Errorf("stage %s: entered %d, completed %d, failed %d, depth %d",
				st.Name, st.Entered, st.Completed, st.Failed, st.Depth)
		}
		mean := 0.0
		if st.Batches > 0 {
			mean = float64(st.Completed) / float64(st.Batches)
		}
		s.means = append(s.means, mean)
	}
	return nil
}

func (s *staged) Losses() (failed, dropped int64) { return s.failed, s.dropped }

func (s *staged) Batches() []float64 { return s.means }
