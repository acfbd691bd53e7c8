package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
)

// runVerb measures what the arguments say and prints it.
func runVerb(ctx context.Context, args []string, s streams) (err error) {
	h := thisHost()
	o, err := parseRun(args, h)
	if err != nil {
		return err
	}
	st, err := newStudy(o, h, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if st.origins, err = o.tryProbes(); err != nil {
		return err
	}
	if st.profiling, err = newProfiling(&o); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.profiling.discard()) }()
	if o.output == "text" {
		if err := st.writeHeader(); err != nil {
			return err
		}
	}
	if o.preset != "" {
		if err := st.runPreset(ctx); err != nil {
			return err
		}
		return st.counts()
	}
	if err := st.finish(st.measureRun(ctx), st.write); err != nil {
		return err
	}
	if len(args) == 0 {
		return errors.Join(st.leaveReport(), st.counts())
	}
	return errors.Join(st.profile(ctx), st.counts())
}

// measureRun makes all runs, and then looks for the rate that meets an objective.
func (st *study) measureRun(ctx context.Context) error {
	if err := st.measureAll(ctx); err != nil || st.slo == nil {
		return err
	}
	return st.search(ctx)
}

// study is one invocation of run: the cells it measures, and what came of them.
type study struct {
	bench
	host      host
	machine   report.Machine
	origins   string // where what probes know comes from
	before    usage  // of the machine, before the first run
	results   results
	out       io.Writer // what results are written to
	errs      io.Writer
	partial   string        // why there is less than was asked for; empty: there is not
	total     time.Duration // that all runs take, about; 0: not known yet
	progress  *progress
	random    *rand.Rand // of the order of runs
	profiling *profiling
	runs      []report.Run // by load, architecture, repetition
	findings  []report.Finding
	scales    []report.Scale
	pause     func()   // what is done after each repetition of everything; nil: nothing
	sheets    []*sheet // of what was looked for, in text
}

func newStudy(o options, h host, s streams) (*study, error) {
	st := &study{host: h, machine: h.describe(), results: results{name: o.out, stream: s.out}, errs: s.err, random: rand.New(rand.NewPCG(o.seed, orderStream))}
	st.out = st.results.writer()
	level := slog.LevelWarn
	if h.limits.Quota > 0 {
		level = slog.LevelError // the header warns, and once is enough
	}
	st.bench = bench{
		options: &o, find: arch.Find, patience: patience, quota: h.limits.Quota,
		log: newWarnings(s.err, level),
	}
	if o.hgrm != "" {
		st.distributions = new(distributions)
	}
	var err error
	if st.means, err = o.openWork(); err != nil {
		return nil, fmt.Errorf("--work %s: %w", o.work, err)
	}
	if o.works == nil {
		st.spin = st.means.Calibrate()
	} else {
		st.spins = st.means.CalibrateEach()
		st.spin = st.spins[0]
	}
	st.before = h.usage()
	if st.total = st.length(); o.preset != "" {
		st.total = 0 // it says so when it knows
	}
	st.progress = newProgress(s.err, st.total)
	return st, nil
}

// close gives back what newStudy took. It is for once all is measured.
func (st *study) close() error { return st.means.Close() }

// orderStream keeps the order of runs apart from the random numbers of the runs.
const orderStream = 1 << 32

// measureAll makes all runs: first those in closed loop, then those whose rates
// may depend on them.
func (st *study) measureAll(ctx context.Context) error {
	defer st.progress.end()
	var closed []cell
	for _, workers := range st.workers {
		if st.closedWanted(st.host, workers) {
			closed = append(closed, st.cells(workers, st.closedLoad(workers))...)
		}
	}
	if err := st.repeat(ctx, "closed loop", closed); err != nil {
		return err
	}
	var open []cell
	for _, workers := range st.workers {
		if !st.host.hasGenerator(workers) {
			continue
		}
		for _, r := range st.rates {
			l, err := st.openLoad(workers, r)
			if err != nil {
				return err
			}
			open = append(open, st.cells(workers, l)...)
		}
	}
	return st.repeat(ctx, "open loop", open)
}

func (st *study) closedLoad(workers int) report.Load {
	l := report.Load{Arrival: string(load.Closed), Clients: pointer(st.clientsFor(workers)), MadeBy: report.ByGenerator}
	if !st.host.hasGenerator(workers) {
		l.MadeBy = report.ByWorkers
	}
	if st.think.Mean() > 0 {
		l.Think = st.think.String()
	}
	return l
}

// cells is one load on every architecture.
func (st *study) cells(workers int, l report.Load) []cell {
	var all []cell
	for _, name := range st.archs {
		c := cell{arch: name, workers: workers, cpus: st.host.placed(workers), load: l}
		if name != ours {
			all = append(all, c)
			continue
		}
		for _, policy := range st.policies {
			if c.policy = policy; len(st.policies) > 1 {
				c.arch = name + "/" + policy
			}
			all = append(all, c)
		}
	}
	return all
}

// openLoad turns a rate into requests per second: a fraction is of the best
// architecture's capacity, so that all are offered the same.
func (st *study) openLoad(workers int, r rate) (report.Load, error) {
	l := report.Load{Arrival: st.open().String(), MadeBy: report.ByGenerator}
	if r.fraction == 0 {
		l.Rate = &r.perSecond
		return l, nil
	}
	best, counts := st.bestCapacity(workers)
	if best == 0 {
		return l, fmt.Errorf("--rate %s: nothing was completed in closed loop, so there is no capacity to take a part of; want requests per second", r)
	}
	l.Rate, l.Fraction, l.Doubtful = pointer(best*r.fraction), &r.fraction, !counts
	return l, nil
}

// bestCapacity is the goodput in closed loop of the best architecture: the median of
// its valid runs, or, if no run of any was valid, the best of all, which was
// reached however late the generator was, but does not count.
func (st *study) bestCapacity(workers int) (perSecond float64, counts bool) {
	valid, reached := 0.0, 0.0
	for _, row := range report.Summarize(st.runs) {
		if row.Workers == workers && row.Valid > 0 {
			valid = max(valid, row.Goodput.Median)
		}
	}
	for _, r := range st.runs {
		if r.Workers == workers {
			reached = max(reached, r.Goodput)
		}
	}
	if valid == 0 {
		return reached, false
	}
	return valid, true
}

// repeat measures every cell in every repetition, each time in another order,
// so that a disturbance or a drift of the machine does not meet the same
// architecture each time.
func (st *study) repeat(ctx context.Context, what string, cells []cell) error {
	made, err := st.measureCells(ctx, what, cells)
	st.runs = append(st.runs, slices.Concat(made...)...) // also those before one that failed
	return err
}

// measureCells returns the runs of each cell; if one failed, those before it.
func (st *study) measureCells(ctx context.Context, what string, cells []cell) ([][]report.Run, error) {
	made := make([][]report.Run, len(cells))
	another := st.repetitions(made)
	st.progress.more = st.precision.share > 0
	for rep := 0; another(rep); rep++ {
		for _, i := range st.random.Perm(len(cells)) {
			st.progress.doing(fmt.Sprintf("%s, %s: %s", what, st.repetition(rep), cells[i].arch))
			run, err := st.measure(ctx, cells[i], rep)
			if err != nil {
				return made, err
			}
			made[i] = append(made[i], run)
			took := st.runTime(st.tail(cells[i].workers, cells[i].load))
			if rep >= st.reps {
				st.progress.total += took // nobody knew
			}
			st.progress.did(took)
		}
		if len(cells) > 0 {
			st.progress.line(fmt.Sprintf("%s: %s done", what, st.repetition(rep)))
		}
		if st.pause != nil {
			st.pause()
		}
	}
	return made, nil
}
