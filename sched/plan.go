package sched

import (
	"errors"
	"fmt"
)

// Plan says which stages each worker serves. It is immutable once published; the engine numbers plans by Epoch and replaces one as
// a whole, so that a worker always acts on one consistent assignment.
type Plan struct {
	Epoch uint64  // the number under which the engine published it; 0 before
	Serve [][]int // Serve[w] lists the stages of worker w; the order does not matter
}

// ServeAll returns the plan in which every worker serves every stage: the engine's cold start and the baseline for every other plan.
func ServeAll(workers, stages int) Plan {
	p := Plan{Serve: make([][]int, workers)}
	for w := range p.Serve {
		for s := range stages {
			p.Serve[w] = append(p.Serve[w], s)
		}
	}
	return p
}

// Validate reports every reason why p cannot be acted on by the given number of workers and stages: an assignment for more or fewer
// workers, an index out of range or named twice, a stage that nobody serves.
func (p Plan) Validate(workers, stages int) error {
	var errs []error
	if len(p.Serve) != workers {
		errs = append(errs, fmt.Errorf("plan assigns %d workers, there are %d", len(p.Serve), workers))
	}
	var served Set
	for w, list := range p.Serve {
		var own Set
		for _, s := range list {
			switch {
			case s < 0 || s >= stages || s >= MaxSet:
				errs = append(errs, fmt.Errorf("plan gives worker %d stage %d of %d", w, s, stages))
				continue
			case own.Has(s):
				errs = append(errs, fmt.Errorf("plan gives worker %d stage %d twice", w, s))
			}
			own.Add(s)
			served.Add(s)
		}
	}
	for s := range min(stages, MaxSet) {
		if !served.Has(s) {
			errs = append(errs, fmt.Errorf("plan leaves stage %d without a worker", s))
		}
	}
	return errors.Join(errs...)
}
