package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/sched/sim"
)

// errNoJoins is why a graph cannot be simulated.
var errNoJoins = errors.New("the simulator knows no stage that waits for several branches")

// parseSimShape takes the shapes that can be simulated, and says why another of run's cannot.
func parseSimShape(text string) (string, error) {
	if text == "diamond" {
		return "", fmt.Errorf("%s: %w; want %s", text, errNoJoins, strings.Join(simShapes, ", "))
	}
	return oneOf("shape", simShapes...)(text)
}

// makeGraph makes the graph of shapes that are described as those of run.
func (o *simOptions) makeGraph(f *flags) (err error) {
	switch {
	case o.shape != "keyed" && o.keys != nil:
		return fmt.Errorf("--%s: no stage of a %s is keyed that way; want --shape keyed", flagKeys, o.shape)
	case o.shape != "keyed" && o.shape != "feedback":
		return nil
	}
	if o.made, err = workload.NewGraph(o.shape, o.stages); err != nil {
		return fmt.Errorf("--stages: %w", err)
	}
	if o.made.AnyKeyed() && o.keys == nil {
		return f.set.Set(flagKeys, defaultKeys)
	}
	return nil
}

// simulatedGraph describes the stages of a graph without joins. Its keyed stages are groups of keys that one worker at a time has, one of which has the
// most frequent key; its ways back are as frequent as the bound on rounds makes them.
func (o *simOptions) simulatedGraph() []sim.Stage {
	g := o.made
	stages := make([]sim.Stage, g.Stages())
	for i := range stages {
		s := &stages[o.number(i)]
		*s = sim.Stage{
			Name: g.Name(i), Batch: float64(o.overhead), Event: o.service.Sim(), Footprint: o.footprint << 10, MaxBatch: o.batch, Capacity: o.capacity,
			OneOf: g.Chooses(i),
		}
		if o.services != nil {
			s.Event = o.services[i].Sim()
		}
		if o.works != nil {
			s.Footprint = o.works[i].Memory()
		}
		if len(o.weights) > 0 {
			s.Event.Mean *= o.weights[i]
			s.Event.Long *= o.weights[i]
		}
		if g.Keyed(i) {
			s.Shards, s.Hot = shardsFor(o.workers), o.keys.Hot()
		}
		for _, way := range g.Ways(i) {
			if way.To < g.Stages() {
				s.Edges = append(s.Edges, sim.Edge{To: o.number(way.To), Ratio: way.Share})
			}
		}
	}
	for _, name := range o.serial {
		stages[o.number(stageNumber(name))].Shards = 1
	}
	for _, name := range o.keyed {
		stages[o.number(stageNumber(name))].Shards = shardsFor(o.workers)
	}
	return stages
}
