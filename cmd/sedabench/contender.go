package main

import (
	"strings"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

// contender is an architecture, under a policy, with a row of its own.
type contender struct {
	row, policy string
	ours        bool
	arch        arch.Architecture
}

func (a *asking) contenders() (all []contender) {
	for _, c := range a.cells(a.workers[0], report.Load{}) {
		name, _, _ := strings.Cut(c.arch, "/")
		found, err := a.find(name)
		if err != nil {
			panic(err) // the flag has looked for it
		}
		all = append(all, contender{row: c.arch, policy: c.policy, ours: name == ours, arch: found})
	}
	return all
}

// trial is one stage, of the work that flags say, served by the contender.
func (c contender) trial(a *asking) trial.Config {
	graph, err := workload.NewGraph("pipeline", 1)
	if err != nil {
		panic(err) // one stage is a pipeline
	}
	t := trial.Config{
		Place: a.place, Graph: graph, Service: a.service, Means: a.means, Threads: a.blocked(), Policy: c.policy, Warmup: a.warmup, Duration: a.duration,
		Capacity: a.capacity, MaxBatch: a.batch, Spare: c.arch.SpareProcs, ExactTimers: true,
	}
	if !c.ours {
		t.Start = func(t trial.Config, h *workload.Handler) (trial.Service, error) {
			return c.arch.Start(arch.Config{
				Handler: h, Workers: t.Workers, CPUs: t.CPUs.Workers, Capacity: t.Capacity, Batch: t.MaxBatch, Threads: t.Threads, Park: t.Park, Log: a.log,
			})
		}
	}
	return t
}

// crowded is a trial in closed loop with room for all clients: one that is refused waits as well, where nobody measures it.
func (c contender) crowded(a *asking, clients int) trial.Config {
	t := c.trial(a)
	t.Arrival, t.Clients = load.Closed, clients
	for t.Capacity < t.Clients {
		t.Capacity *= 2
	}
	return t
}

// judged are the rows of staged, and all where it does not take part.
func judged(rows []contender) (names []string) {
	for _, some := range []bool{true, false} {
		for _, c := range rows {
			if c.ours || !some {
				names = append(names, c.row)
			}
		}
		if len(names) > 0 {
			break
		}
	}
	return names
}
