package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

var simShapes = []string{"pipeline", "fanout", "branch", "feedback", "keyed"}

// system describes the machine and the graph, with requests at so many a second.
func (o *simOptions) system(perSecond float64) *sim.System {
	y := &sim.System{}
	if o.costs == "measured" {
		y.Costs = sim.Measured()
	}
	for w := range o.workers {
		seat := sched.Seat{CPU: w, Core: w / o.smt}
		if o.llc > 0 {
			seat.LLC = w / o.llc
		}
		if o.node > 0 {
			seat.Node = w / o.node
		}
		y.Workers = append(y.Workers, seat)
	}
	y.Stages = o.graph()
	p, err := o.profile()
	if err != nil {
		panic(err) // the flags have been checked
	}
	y.Sources = []sim.Source{{
		Name: y.Stages[o.stages-1].Name, Stage: o.stages - 1, Target: int64(o.target), Deadline: int64(o.target),
		Arrivals: sim.Arrivals{
			Process: o.arrival.process, Rate: perSecond, Clients: o.clients, Steps: rateSteps(p, perSecond, o.warmup+o.duration),
		},
	}}
	o.disturb(y)
	return y
}

// graph makes the stages.
func (o *simOptions) graph() []sim.Stage {
	if o.made != nil {
		return o.simulatedGraph()
	}
	stages := make([]sim.Stage, o.stages)
	for i := range o.stages {
		s := &stages[o.number(i)]
		*s = sim.Stage{
			Name: fmt.Sprintf("s%d", i), Batch: float64(o.overhead), Event: o.service.Sim(), Footprint: o.footprint << 10,
			MaxBatch: o.batch, Capacity: o.capacity,
		}
		if len(o.weights) > 0 {
			s.Event.Mean *= o.weights[i]
			s.Event.Long *= o.weights[i]
		}
		switch {
		case o.shape == "pipeline" && i+1 < o.stages:
			s.Edges = []sim.Edge{{To: o.number(i + 1), Ratio: 1}}
		case o.shape != "pipeline" && i == 0:
			s.OneOf = o.shape == "branch"
			for k := 1; k < o.stages; k++ {
				e := sim.Edge{To: o.number(k), Ratio: 1}
				if s.OneOf {
					e.Ratio /= float64(o.stages - 1)
				}
				s.Edges = append(s.Edges, e)
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

// divided gives workers stages of their own as run does under static.
func (o *simOptions) divided() [][]int {
	serve := staged.Divide(o.stages, o.workers)
	for _, stages := range serve {
		for k := range stages {
			stages[k] = o.number(stages[k])
		}
	}
	return serve
}

// number returns the number in the simulation of stage i: s0 comes first where requests flow, and last there.
func (o *simOptions) number(i int) int {
	if o.made != nil {
		i = slices.Index(o.made.Order(), i)
	}
	return o.stages - 1 - i
}

// shardsFor returns the shards of a keyed stage in the engine.
func shardsFor(workers int) int {
	n := 1
	for n < 4*workers && n < sched.MaxSet {
		n *= 2
	}
	return n
}

func parseStage(text string) (string, error) {
	if n := stageNumber(text); n < 0 || n >= maxSimStages {
		return "", fmt.Errorf("unknown stage %q, want s0, s1 and so on", text)
	}
	return text, nil
}

// stageNumber returns the number of a stage by its name, or -1.
func stageNumber(name string) int {
	digits, ok := strings.CutPrefix(name, "s")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || strconv.Itoa(n) != digits {
		return -1
	}
	return n
}

func parseWeight(text string) (float64, error) {
	w, err := strconv.ParseFloat(text, 64)
	if err != nil || !(w >= 0 && w <= 1e6) {
		return 0, fmt.Errorf("%q, want numbers from 0 to 1e6", text)
	}
	return w, nil
}

// many parses comma-separated values, which may be the same.
func many[T any](into *[]T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		var all []T
		for part := range strings.SplitSeq(text, ",") {
			v, err := parse(part)
			if err != nil {
				return err
			}
			all = append(all, v)
		}
		*into = all
		return nil
	}
}
