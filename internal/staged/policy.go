package staged

import (
	"fmt"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/sched"
)

// Static is the policy under which each worker keeps stages of its own, those that Divide gives it, and nothing is decided.
const Static = "static"

// Policies are the names of the policies that a Service can have.
func Policies() []string { return sched.Names() }

// DefaultPolicy is what the engine does by itself.
func DefaultPolicy() string { return "adaptive" }

// decide sets the policy of a name: whatever package sched has, and for Static an assignment as well.
func decide(c *engine.Config, name string, g *workload.Graph, workers int) error {
	maker, err := sched.Find(name)
	if err != nil {
		return err
	}
	if c.Policy = maker; name == Static {
		c.Assign = assign(g, workers)
	}
	return nil
}

func assign(g *workload.Graph, workers int) map[string][]int {
	plan := map[string][]int{}
	for w, stages := range Divide(g.Stages(), workers) {
		for _, i := range stages {
			plan[g.Name(i)] = append(plan[g.Name(i)], w)
		}
	}
	return plan
}

// Divide gives each worker stages of its own, neighbours together; with more workers than stages, each stage workers of its own, in turn. It returns the
// stages of each worker.
func Divide(stages, workers int) [][]int {
	serve := make([][]int, workers)
	for i := range max(stages, workers) {
		stage, worker := i, i*workers/stages
		if workers > stages {
			stage, worker = i%stages, i
		}
		serve[worker] = append(serve[worker], stage)
	}
	return serve
}

func inlet(k Kind, capacity int) engine.InletConfig {
	return engine.InletConfig{Name: k.Name, Capacity: capacity, Class: k.Class, Target: k.Target}
}

// decisions returns what the engine remembers of them.
func decisions(e *engine.Engine) []report.Decision {
	all := []report.Decision{}
	for _, d := range e.Explain() {
		what := fmt.Sprintf("%s of %s: %s -> %s", d.What, d.Of, d.From, d.To)
		if d.Steps > 1 {
			what += fmt.Sprintf(" in %d steps", d.Steps)
		}
		all = append(all, report.Decision{At: int64(d.At), What: what, Why: d.Why})
	}
	return all
}
