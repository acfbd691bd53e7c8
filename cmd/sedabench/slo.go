package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seda-go/seda/internal/report"
)

// objective is what --slo asks of a rate: that a percentile of the sojourn time is below a time. Nil: nothing.
type objective struct {
	text, figure string
	below        time.Duration
	of           func(report.Sojourn) int64
}

func (o *objective) String() string { return o.text }

var objectiveFigures = []struct {
	name string
	of   func(report.Sojourn) int64
}{
	{"p50", func(s report.Sojourn) int64 { return s.P50 }},
	{"p90", func(s report.Sojourn) int64 { return s.P90 }},
	{"p99", func(s report.Sojourn) int64 { return s.P99 }},
	{"p999", func(s report.Sojourn) int64 { return s.P999 }},
}

func parseObjective(text string) (*objective, error) {
	name, bound, ordered := strings.Cut(text, "<")
	if !ordered {
		return nil, fmt.Errorf("%q, want a figure, < and a time, such as p99<1ms", text)
	}
	var names []string
	for _, f := range objectiveFigures {
		if names = append(names, f.name); f.name != name {
			continue
		}
		below, err := period(time.Microsecond, longest)(bound)
		return &objective{text, name, below, f.of}, err
	}
	return nil, fmt.Errorf("unknown figure %q, want %s", name, strings.Join(names, ", "))
}

const (
	// The search begins between nothing and more than the capacity, since that in closed loop is not always the most there is, and halves what is between eight
	// times: to 0.005 of the capacity, which is less than repetitions differ.
	searchSteps = 8
	searchMost  = 1.28
	// searchRefused is how large a part of the requests may be refused or discarded at a rate that meets the objective: the delay of the others says little
	// about a service that turns away what would wait.
	searchRefused = 0.001
)

// met reports whether runs at one rate meet the objective, in the median of those that count; told, whether that can be told: at least half of them do.
func (o *objective) met(runs []report.Run) (met, told bool) {
	valid := counted(runs)
	if len(valid) == 0 || 2*len(valid) < len(runs) {
		return false, false
	}
	return report.QuartilesOf(over(valid, o.value)).Median < float64(o.below) &&
		report.QuartilesOf(over(valid, turnedAway)).Median < searchRefused, true
}

func (o *objective) value(r report.Run) float64 { return float64(o.of(r.Sojourn)) }

// turnedAway is the part of the requests that were refused or discarded.
func turnedAway(r report.Run) float64 {
	return float64(r.Events.Refused+r.Events.Expired) / float64(max(r.Events.Offered, 1))
}

func counted(runs []report.Run) []report.Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r report.Run) bool { return !r.Valid })
}

// candidate is an architecture whose highest rate is looked for, in parts of the capacity.
type candidate struct {
	cell
	met, missed float64 // the highest rate that met the objective, and the lowest that did not, as far as is known
	untold      float64 // missed, if that is for want of runs that count; else 0
	best        []report.Run
	late        int // runs that do not count
}

// learn narrows the search by what runs at a rate between both say.
func (c *candidate) learn(o *objective, part float64, runs []report.Run) {
	c.late += len(runs) - len(counted(runs))
	met, told := o.met(runs)
	switch {
	case met:
		c.met, c.best = part, counted(runs)
	case told:
		c.missed, c.untold = part, 0
	default:
		c.missed, c.untold = part, part
	}
}

// search finds for each architecture the highest rate that meets the objective, all in step, so that a disturbance meets all.
func (st *study) search(ctx context.Context) error {
	defer st.progress.end()
	for _, workers := range st.workers {
		best, _ := st.bestCapacity(workers)
		if best == 0 {
			return fmt.Errorf("--slo %s: nothing was completed in closed loop, so there is no capacity to search by", st.slo)
		}
		var all []*candidate
		for _, c := range st.cells(workers, report.Load{}) {
			all = append(all, &candidate{cell: c, missed: searchMost})
		}
		for step := range searchSteps {
			if err := st.halve(ctx, fmt.Sprintf("step %d of %d to %s", step+1, searchSteps, st.slo), all); err != nil {
				return err
			}
		}
		s := st.slo.sheet(best, all)
		st.sheets = append(st.sheets, s)
		st.findings = append(st.findings, s.findings()...)
	}
	return nil
}

// halve measures every candidate in the middle of what is left.
func (st *study) halve(ctx context.Context, what string, all []*candidate) error {
	cells := make([]cell, len(all))
	for i, c := range all {
		l, err := st.openLoad(c.workers, rate{fraction: (c.met + c.missed) / 2})
		if err != nil {
			return err
		}
		cells[i] = c.cell
		cells[i].load = l
	}
	made, err := st.measureCells(ctx, what, cells)
	if err != nil {
		return err
	}
	for i, c := range all {
		c.learn(st.slo, *cells[i].load.Fraction, made[i])
	}
	return nil
}

// sheet is the table of what was found, with a capacity in requests per second. A rate of 0: no rate that was tried met the objective. None: it is not known
// of any.
func (o *objective) sheet(capacity float64, all []*candidate) *sheet {
	perSecond := func(x float64) string { return report.Count(x) + "/s" }
	s := newSheet(fmt.Sprintf("Highest rate with %s, and less than %g%% refused, %s", o, 100*searchRefused, report.Plural(all[0].workers, "worker")),
		column{name: "rate", unit: perSecond}, column{name: "of the best capacity", unit: part}, column{name: o.figure, unit: report.Time},
		column{name: "refused", unit: report.Share}, column{name: "not known from", unit: part})
	s.archs = true
	for _, c := range all {
		s.row(c.arch)
		if c.untold > 0 {
			s.put(c.arch, "not known from", c.untold)
		}
		if c.met > 0 || c.untold == 0 {
			s.put(c.arch, "rate", c.met*capacity)
			s.put(c.arch, "of the best capacity", c.met)
		}
		for _, r := range c.best {
			s.put(c.arch, o.figure, o.value(r))
			s.put(c.arch, "refused", turnedAway(r))
		}
		if c.late > 0 {
			s.invalid[c.arch] = c.late
		}
	}
	return s
}
