package sched

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Plan says which stages each worker serves, how much a batch may take, and what may come in. It is immutable once published; the engine
// numbers plans by Epoch and replaces one as a whole, so that a worker always acts on one consistent assignment. The limits need no such
// care: they hold from a worker's next batch, and a caller's next Submit, on.
type Plan struct {
	Epoch   uint64  // the number under which the engine published Serve; 0 before
	Serve   [][]int // Serve[w] lists the stages of worker w; the order does not matter
	Batch   []int   // by stage: the most events of a batch; 0: the stage's MaxBatch. nil: 0 for all
	Threads []int   // by stage: the most batches in the handler of a blocking stage; 0: as many as the stage allows. nil: 0 for all
	Admit   []Limit // by source: what may come in. nil: all that fits
}

// Limit is what a source may bring in. The zero value lets in what fits.
type Limit struct {
	Depth int     // refuse while so many events of the source wait in its rings; 0: until they are full
	Rate  float64 // events per second, with a burst of at most Depth or the capacity; 0: any rate
	Age   int64   // ns: what waited longer in the source's rings expires when a worker comes to it, if when it came was noted, as with a Target it is; 0: nothing does
	Retry int64   // after how many ns a refused caller may try again with some hope; 0: not known
}

// String writes l, as in "depth 40, 1200/s, age 5ms, retry 25ms", or "all".
func (l Limit) String() string {
	var parts []string
	if l.Depth > 0 {
		parts = append(parts, fmt.Sprintf("depth %d", l.Depth))
	}
	if l.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%.4g/s", l.Rate))
	}
	if l.Age > 0 {
		parts = append(parts, "age "+time.Duration(l.Age).String())
	}
	if l.Retry > 0 {
		parts = append(parts, "retry "+time.Duration(l.Retry).String())
	}
	if parts == nil {
		return "all"
	}
	return strings.Join(parts, ", ")
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

// Check reports every reason why p cannot hold in y: those of Validate, and limits out of range.
func (p Plan) Check(y *System) error {
	errs := []error{p.Validate(len(y.Workers), len(y.Stages))}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(p.Batch) > len(y.Stages) || len(p.Threads) > len(y.Stages) || len(p.Admit) > len(y.Sources) {
		bad("plan has %d batches and %d threads for %d stages, %d limits for %d sources",
			len(p.Batch), len(p.Threads), len(y.Stages), len(p.Admit), len(y.Sources))
		return errors.Join(errs...)
	}
	for s, b := range p.Batch {
		if most := y.Stages[s].MaxBatch; b < 0 || b > most {
			bad("plan gives stage %q batches of %d, want 0 to %d", y.Stages[s].Name, b, most)
		}
	}
	for s, n := range p.Threads {
		if most := y.Stages[s].Threads; n < 0 || n > most {
			bad("plan gives stage %q %d threads, want 0 to %d", y.Stages[s].Name, n, most)
		}
	}
	for k, l := range p.Admit {
		if l.Depth < 0 || l.Age < 0 || l.Retry < 0 || !(l.Rate >= 0) || math.IsInf(l.Rate, 1) {
			bad("plan limits source %q to depth %d, %g/s, age %dns, retry %dns, want none below 0, and a rate that is a number",
				y.Sources[k].Name, l.Depth, l.Rate, l.Age, l.Retry)
		}
	}
	return errors.Join(errs...)
}
