package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/usl"
)

// scaleOptions is what the flags of scale say: those of run that it looks at, and its own.
type scaleOptions struct {
	options
	oversubscribed []int // numbers of workers beyond the CPUs
	simulated      int   // up to how many workers predictions go
	lines          lineTimes
}

func scaleFlags(o *scaleOptions) *flags {
	f := runFlags(&o.options).only("scale", "arch", "workers", "shape", "stages", flagKeys, flagWorkload, "service", "work", "threads", "clients", "batch", "capacity", "policy", "probes",
		"duration", "warmup", "reps", flagPrecision, "seed", "output", "out", flagHgrm)
	f.change("workers", "", "numbers of workers; by default from 1 to the CPUs this process may use")
	f.change("capacity", "16384", "")
	f.change("probes", probesAuto, "")
	f.change("duration", "200ms", "")
	f.change("warmup", "500ms", "time of each run before that; adaptive needs some of it to find who should serve what")
	f.change("clients", "", fmt.Sprintf("requests outstanding for each worker; 0: %d", clientsPerWorker))
	f.add("oversubscribe", "", "", "numbers of workers beyond the CPUs, which share them: measured, and kept apart", list(&o.oversubscribed, integer(2, maxWorkers)))
	f.add("simulate", "", "64", "predict staged up to so many workers, beyond what is measured; 0: no further than that", one(&o.simulated, integer(0, maxWorkers)))
	return f
}

func scaleHelp() string {
	var o scaleOptions
	return `usage: sedabench scale [flags]

Measures throughput with 1, 2, 3 and so on workers, which make the load themselves; fits the Universal Scalability Law where there are
points enough; predicts each number of workers of staged by simulation, from the run with one worker; and says where the rest went.

flags:
` + scaleFlags(&o).help() + `
examples:
  sedabench scale
  sedabench scale --arch staged --work memory:256KiB --stages 6
  sedabench scale --arch staged,pool --oversubscribe 4 --simulate 0
`
}

func scaleVerb(ctx context.Context, args []string, s streams) (err error) {
	h := thisHost()
	o, err := parseScale(args, h)
	if err != nil {
		return err
	}
	st, err := newStudy(o.options, h, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if st.origins, err = o.tryProbes(); err != nil {
		return err
	}
	st.total = st.scaleLength(&o)
	st.progress = newProgress(s.err, st.total)
	if o.output == "text" {
		if err := st.writeHeader(); err != nil {
			return err
		}
	}
	st.pause = func() { o.lines.take(h) }
	err = st.measureScale(ctx, &o)
	if err == nil {
		err = st.explainScale(ctx, &o)
	}
	return st.finish(err, st.write)
}

func parseScale(args []string, h host) (scaleOptions, error) {
	var o scaleOptions
	f := scaleFlags(&o)
	if err := f.parse(args); err != nil {
		return o, err
	}
	o.given, o.byWorkers = f.given, true
	if !f.given["probes"] && !slices.Contains(o.archs, ours) {
		f.change("probes", probesOff, "") // of staged alone there is something to know
	}
	o.arrival = load.Of(load.Closed)
	if len(o.workers) == 0 {
		o.workers = upTo(h.cpus)
	}
	if !slices.Contains(o.workers, 1) {
		return o, usagef("--workers: %s, want 1 among them, which others are measured against", joined(o.workers))
	}
	slices.Sort(o.workers)
	for _, n := range o.oversubscribed {
		if n <= h.cpus {
			return o, usagef("--oversubscribe: %d, want more than %d, the CPUs this process may use", n, h.cpus)
		}
	}
	if err := o.describeWorkload(f); err != nil {
		return o, err
	}
	o.boundBlocking(f)
	if err := o.complete(h); err != nil {
		return o, usageError{err}
	}
	o.command = commandLine(f, "")
	return o, nil
}

// upTo returns the numbers of workers to measure on so many CPUs: all up to four, then about three for each doubling.
func upTo(cpus int) (all []int) {
	for n := 1; n < cpus; n = max(n+1, n*5/4) {
		all = append(all, n)
	}
	return append(all, cpus)
}

// measureScale measures every number of workers in every repetition, in random order.
func (st *study) measureScale(ctx context.Context, o *scaleOptions) error {
	defer st.progress.end()
	var all []cell
	for _, workers := range append(slices.Clone(o.workers), o.oversubscribed...) {
		l := report.Load{Arrival: string(load.Closed), Clients: pointer(st.clientsFor(workers)), MadeBy: report.ByWorkers}
		for _, c := range st.cells(workers, l) {
			c.cpus = st.host.spread(workers)
			all = append(all, c)
		}
	}
	return st.repeat(ctx, "closed loop", all)
}

// spread places workers that make the load themselves; more of them than there are CPUs run anywhere.
func (h host) spread(workers int) load.CPUs {
	anywhere := load.CPUs{Generator: -1}
	if h.allowed.Empty() || workers > h.cpus {
		return anywhere
	}
	order := h.allowed.CPUs()
	if h.topo != nil {
		order = h.topo.Place(h.allowed, affinity.Spread)
	}
	return load.CPUs{Workers: affinity.Of(order[:workers]...), Generator: -1}
}

// explainScale adds to the study what follows from its runs.
func (st *study) explainScale(ctx context.Context, o *scaleOptions) error {
	for _, c := range st.cells(1, report.Load{}) {
		s := report.Scale{Arch: c.arch}
		for _, workers := range o.workers {
			s.Points = append(s.Points, st.point(c.arch, workers, report.Measured))
		}
		s.USL, s.NoUSL = fitted(st.throughputs(c.arch, o.workers))
		for _, workers := range o.oversubscribed {
			s.Points = append(s.Points, st.point(c.arch, workers, report.Oversubscribed))
		}
		if name, _, _ := strings.Cut(c.arch, "/"); name == ours {
			if err := st.predict(ctx, &s, o, c.policy); err != nil {
				return err
			}
		}
		for _, workers := range o.workers[1:] {
			s.Reasons = append(s.Reasons, st.whereItWent(c.arch, workers))
		}
		st.scales = append(st.scales, s)
	}
	return nil
}

// of returns the runs that count of an architecture with so many workers.
func (st *study) of(arch string, workers int) (runs []report.Run) {
	for _, r := range st.runs {
		if r.Arch == arch && r.Workers == workers && r.Valid {
			runs = append(runs, r)
		}
	}
	return runs
}

// over returns a figure of each of the runs.
func over(runs []report.Run, of func(report.Run) float64) (sample []float64) {
	for _, r := range runs {
		sample = append(sample, of(r))
	}
	return sample
}

func goodput(r report.Run) float64 { return r.Goodput }

func (st *study) point(arch string, workers int, kind string) report.ScalePoint {
	p := report.ScalePoint{Workers: workers, Kind: kind}
	sample := over(st.of(arch, workers), goodput)
	if len(sample) == 0 {
		return p
	}
	i := report.MedianInterval(sample)
	p.Throughput = &report.Estimate{Low: i.Low, Median: i.Value, High: i.High, Runs: len(sample)}
	return p
}

func (st *study) throughputs(arch string, workers []int) (points []usl.Point) {
	for _, n := range workers {
		points = append(points, usl.Point{N: n, X: over(st.of(arch, n), goodput)})
	}
	return points
}

// fitted is the law, or why there is none.
func fitted(points []usl.Point) (*report.USL, string) {
	f, err := usl.Of(points)
	if err != nil {
		return nil, err.Error()
	}
	u := &report.USL{
		Lambda: report.Estimate{Low: f.Low.Lambda, Median: f.Lambda, High: f.High.Lambda},
		Sigma:  report.Estimate{Low: f.Low.Sigma, Median: f.Sigma, High: f.High.Sigma},
		Kappa:  report.Estimate{Low: f.Low.Kappa, Median: f.Kappa, High: f.High.Kappa},
		Off:    f.Off,
	}
	if f.Kappa > 0 {
		u.Peak = pointer(f.Peak())
	}
	return u, ""
}

// scaleLength estimates how long all runs take.
func (st *study) scaleLength(o *scaleOptions) (sum time.Duration) {
	for _, workers := range append(slices.Clone(o.workers), o.oversubscribed...) {
		sum += st.runTime(st.closedTail(workers))
	}
	return sum * time.Duration(len(st.cells(1, report.Load{}))*st.reps)
}
