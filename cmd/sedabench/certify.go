package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
)

func certifyFlags(o *options) *flags {
	f := runFlags(o).only("certify", "arch", "workers", "service", "target", "capacity", "policy", "duration", "warmup", "reps", "seed", "output", "out")
	f.change("workers", "", "workers; by default one less than the CPUs")
	f.change("service", "constant:100us", "")
	f.change("target", "", "how long a request may take, after which it does not count as served; 0s: ten service times")
	f.change("capacity", "", "requests that the queue holds; a power of two")
	f.change("duration", "400ms", "")
	f.change("warmup", "200ms", "")
	f.change("reps", "3", "runs of each architecture under each load")
	return f
}

func certifyHelp() string {
	var o options
	return `usage: sedabench certify [flags]

Offers each architecture a quarter to four times what it can do, and judges what services should keep under any load: goodput that stays flat, requests
served in time, a response time that grows no faster than the number of clients, the same for every source, bounded memory, nothing lost, and a soon
recovery from a spike. Exit status 1 says that staged, or without it any architecture, does not keep one of them.

flags:
` + certifyFlags(&o).help() + `
examples:
  sedabench certify
  sedabench certify --arch staged --service constant:1ms
  sedabench certify --arch staged,pool --capacity 8
`
}

func certifyVerb(ctx context.Context, args []string, s streams) (err error) {
	h := thisHost()
	o, err := parseCertify(args, h)
	if err != nil {
		return err
	}
	st, err := newStudy(o, h, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	st.total = 0 // known when the capacity is
	if o.output == "text" {
		if err := st.writeHeader(); err != nil {
			return err
		}
	}
	a := st.asking()
	clauses, err := a.certify(ctx)
	if err != nil {
		return a.end(err)
	}
	if note := o.certifyNote(); note != "" {
		a.notes = append(a.notes, note)
	}
	if err := a.end(nil); err != nil {
		return err
	}
	return shortOf(clauses)
}

// shortOf returns an error that names the clauses which a row that is judged does not keep, or of which nothing is known.
func shortOf(s *sheet) error {
	var short []string
	for _, row := range s.ours {
		for _, c := range s.columns {
			if v := s.median(row, c.name); c.bound != nil && c.judge(v) != "ok" {
				short = append(short, row+": "+c.name)
			}
		}
	}
	if len(short) == 0 {
		return nil
	}
	return fmt.Errorf("certify: not kept: %s", strings.Join(short, ", "))
}

func parseCertify(args []string, h host) (options, error) {
	var o options
	f := certifyFlags(&o)
	if err := f.parse(args); err != nil {
		return o, err
	}
	o.given = f.given
	if len(o.workers) == 0 {
		o.workers = []int{max(h.cpus-1, 1)}
	}
	o.stages, o.batch = 1, min(o.batch, o.capacity)
	switch {
	case len(o.workers) > 1:
		return o, usagef("--workers: %s, want one number", joined(o.workers))
	case !h.hasGenerator(o.workers[0]):
		want := "more CPUs, or fewer --workers"
		if o.workers[0] == 1 {
			want = "2 CPUs or more: open arrivals need one that no worker uses. What fits on one CPU is sedabench sim, and run --arrival closed"
		}
		return o, usagef("--workers: no CPU is left for the load generator with %s on %s; want %s", report.Plural(o.workers[0], "worker"), h.cpusText(), want)
	case o.service.Mean() < float64(leastService):
		return o, usagef("--service %s: four times what it can do is more than one generator can offer; want %s or more", o.service, leastService)
	}
	if o.target == 0 {
		o.target = trial.Deadline(o.service)
	}
	if o.rates == nil {
		for _, x := range certifyLoads {
			o.rates = append(o.rates, rate{fraction: x})
		}
	}
	if err := o.describeWorkload(f); err != nil {
		return o, err
	}
	if err := o.complete(h); err != nil {
		return o, usageError{err}
	}
	o.command = commandLine(f, "")
	return o, nil
}

const (
	// leastService keeps the generator at a million requests per second and less.
	leastService = 10 * time.Microsecond
	// sources offer the same at once where fairness is judged.
	sources = 4
)

var (
	certifyLoads   = []float64{0.25, 0.5, 1, 2, 4}
	certifyClients = []int{4, 16, 64, 256} // of each worker
)

// Names of the clauses.
const (
	clauseHalf     = "served at 0.5x"
	clauseFlat     = "goodput at 4x"
	clauseAt2x     = "at 2x"
	clauseServed   = "p99 served at 4x"
	clauseLinear   = "delay by clients"
	clauseFair     = "Jain index"
	clauseMemory   = "memory at 4x"
	clauseLost     = "lost"
	clauseRecovers = "recovers in"
)

// certify measures all clauses of every architecture, and puts them on a sheet.
func (a *asking) certify(ctx context.Context) (*sheet, error) {
	loads := a.sheet(fmt.Sprintf("Goodput within %s, of the peak, by offered load", a.target))
	for _, x := range certifyLoads {
		loads.columns = append(loads.columns, column{name: fmt.Sprintf("%gx", x), unit: part})
	}
	clauses := a.sheet("Clauses",
		column{name: clauseHalf, unit: part, bound: bound(0.95), least: true},
		column{name: clauseAt2x, unit: part, bound: bound(goodPart), least: true},
		column{name: clauseFlat, unit: part, bound: bound(goodPart), least: true},
		column{name: clauseServed, unit: report.Time, bound: bound(float64(a.target))},
		column{name: clauseLinear, unit: part, bound: bound(1.1)},
		column{name: clauseFair, unit: part, bound: bound(0.95), least: true},
		column{name: clauseMemory, unit: part, bound: bound(1.5)},
		column{name: clauseLost, unit: whole, bound: bound(0)},
		column{name: clauseRecovers, unit: report.Time, bound: bound(float64(20 * time.Millisecond))})
	loads.ours, clauses.ours, clauses.all = nil, judged(a.contenders()), true
	peaks, delays, memory := newSheet("Peak", column{name: "peak"}), newSheet("Delays"), newSheet("Memory")
	for _, s := range []*sheet{loads, clauses, peaks, delays, memory} {
		s.archs = true
	}
	var first, all []entry
	for _, c := range a.contenders() {
		first = append(first, c.peak(a, peaks))
	}
	if err := a.repeat(ctx, first); err != nil {
		return nil, err
	}
	g := &gathered{clauses, loads, delays, memory}
	for _, c := range a.contenders() {
		peak := peaks.median(c.row, "peak")
		if !(peak > 0) {
			return nil, fmt.Errorf("certify: no run of %s counts that shows what it can do at most", c.row)
		}
		all = append(all, c.clauses(a, g, peak)...)
	}
	if err := a.repeat(ctx, all); err != nil {
		return nil, err
	}
	for _, c := range a.contenders() {
		g.combine(c.row)
	}
	return clauses, nil
}

// served is a trial of the contender: one stage, and requests that have to be done by the target.
func (c contender) served(a *asking) trial.Config {
	t := c.trial(a)
	t.Deadline = a.target
	t.Kinds = slices.Repeat([]trial.Kind{{Share: 1. / sources}}, sources)
	for i := range t.Kinds {
		t.Kinds[i].Name, t.Kinds[i].Target = fmt.Sprintf("source %d", i+1), a.target
	}
	return t
}
