package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

// cell is what is repeated: an architecture, a number of workers, a load.
type cell struct {
	arch    string // with its policy, if there are several
	policy  string // of staged
	workers int
	cpus    load.CPUs
	load    report.Load
}

func (c cell) String() string {
	return fmt.Sprintf("%s, %s, %s", c.arch, report.Plural(c.workers, "worker"), c.load)
}

// bench measures cells.
type bench struct {
	*options
	find     func(name string) (arch.Architecture, error)
	spin     workload.Spin
	spins    []workload.Spin // of each stage, where they differ
	means    *workload.Means // of the stages
	patience time.Duration   // how long requests may take after the end of a run, beyond what they should
	quota    float64         // CPUs' worth of time that the control group may use; 0: no limit
	log      *slog.Logger
	profiled *profiling // what the run is looked at for; nil: for nothing
	// distributions are of all runs so far; nil: nobody asked.
	distributions *distributions
}

// measure makes one run. The error says that it failed: that the architecture
// did not start or stop, or that its counts contradict each other.
func (b *bench) measure(ctx context.Context, c cell, rep int) (run report.Run, err error) {
	name, _, _ := strings.Cut(c.arch, "/")
	a, err := b.find(name)
	if err != nil {
		return run, err
	}
	procs := c.workers + a.SpareProcs
	if c.load.MadeBy == report.ByGenerator {
		procs++ // it never gives its processor up
	}
	restore, err := b.prepare(c, procs)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, restore()) }()

	config, err := b.loadConfig(c, rep)
	if err != nil {
		return run, err
	}
	made, err := load.New(config)
	if err != nil {
		return run, err
	}
	source, err := b.sourceFor(name)
	if err != nil {
		return run, err
	}
	if source != nil {
		defer func() { err = errors.Join(err, source.Close()) }()
	}
	service, err := a.Start(arch.Config{
		Handler: made.Handler(), Workers: c.workers, CPUs: c.cpus.Workers,
		Capacity: b.capacity, Batch: b.batch, Threads: b.blocked(), Policy: c.policy, Target: b.target, Timeline: b.timeline,
		Park: b.quota > 0, Log: b.log, Probes: source,
	})
	if err != nil {
		return run, fmt.Errorf("%s: start: %w", c, err)
	}
	limit, cancel := graced(ctx)
	defer cancel()
	result, err := made.Do(ctx, service)
	limit, cancelLimit := context.WithTimeout(limit, b.patienceFor(c))
	defer cancelLimit()
	if stopErr := service.Stop(limit); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("stop: %w", stopErr))
	}
	if err = errors.Join(err, result.Check()); err != nil {
		return run, fmt.Errorf("%s: %w", c, err)
	}
	run = b.report(c, rep, result, service.Batches())
	if b.distributions != nil && run.Valid {
		b.distributions.add(c, result.Sojourn)
	}
	if s, ok := service.(arch.Losses); ok {
		run.Events.Failed, run.Events.Dropped = s.Losses()
	}
	if s, ok := service.(arch.Watched); ok {
		addThreads(&run, s.Stats())
		if b.profiled != nil {
			b.profiled.ended(s.Stats())
		}
	}
	if s, ok := service.(arch.Observed); ok {
		run.Policy, run.Timeline, run.Decisions = c.policy, s.Timeline(), s.Decisions()
	}
	return run, nil
}

// graced returns a context that ends load.Grace after ctx.
func graced(ctx context.Context) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unregister := context.AfterFunc(ctx, func() { time.AfterFunc(load.Grace, cancel) })
	return later, func() { unregister(); cancel() }
}

// patienceFor is far beyond what full queues take to empty.
func (b *bench) patienceFor(c cell) time.Duration {
	tail := float64(b.tail(c.workers, c.load))
	if b.quota > 0 {
		tail *= max(float64(c.workers)/b.quota, 1)
	}
	return b.patience + time.Duration(slower*tail)
}

// prepare gives a run its CPUs and its processors. Garbage of the run before
// is collected first, so that none pays for another's. Timers are exact beside a
// generator only: where the workers make the load that would slow down channels.
func (b *bench) prepare(c cell, procs int) (restore func() error, err error) {
	runtime.GC()
	release, err := load.Confine(c.cpus.Workers)
	if err != nil {
		return nil, err
	}
	timers := func() {}
	if c.load.MadeBy == report.ByGenerator {
		timers = load.ExactTimers()
	}
	before := runtime.GOMAXPROCS(procs)
	return func() error {
		runtime.GOMAXPROCS(before)
		timers()
		return release()
	}, nil
}

func (b *bench) loadConfig(c cell, rep int) (load.Config, error) {
	config := load.Config{
		Arrival: load.Closed, Think: b.think, Batch: b.batch,
		Warmup: b.warmup, Duration: b.duration, Patience: b.patienceFor(c), Seed: load.Seed(b.seed, rep),
		Graph: b.graph, Service: b.service, Services: b.services, Keys: b.keys, Spin: b.spin, Spins: b.spins, Means: b.means,
		CPU: c.cpus.Generator, ByWorkers: c.load.MadeBy == report.ByWorkers,
		// Twice what queues hold, and what workers have in hand.
		InFlight: 2 * b.stages * (b.queued() + b.batch*(c.workers+b.blocked())),
	}
	if c.load.Clients != nil {
		config.Clients = *c.load.Clients
	}
	if c.load.Rate == nil {
		return config, nil
	}
	config.Rate = *c.load.Rate
	err := b.open().Apply(&config)
	return config, err
}

// queued is how many requests the queues of a stage hold, in the mean and at most: staged has more of them for a keyed one, see docs/methodology.md.
func (b *bench) queued() int {
	if b.graph.AnyKeyed() {
		return 4 * b.capacity
	}
	return b.capacity
}

func (b *bench) report(c cell, rep int, r load.Result, batches []float64) report.Run {
	run := report.Run{
		Arch: c.arch, Workers: c.workers, Rep: rep, Load: c.load, Duration: r.Duration.Seconds(),
		Offered: r.PerSecond(r.Window.Offered), Accepted: r.PerSecond(r.Window.Accepted), Goodput: r.PerSecond(r.Done),
		Sojourn: report.Sojourn{
			P50: at(r.Sojourn, 50), P90: at(r.Sojourn, 90), P99: at(r.Sojourn, 99), P999: at(r.Sojourn, 99.9), Max: r.Sojourn.Max(),
		},
		Lateness: report.Lateness{P50: at(r.Lateness, 50), P99: at(r.Lateness, 99)},
		Valid:    r.Valid(), GeneratorBound: r.GeneratorBound(),
		Events: report.Events{
			Offered: r.Window.Offered, Accepted: r.Window.Accepted, Refused: r.Window.Refused,
			Completed: r.Window.Completed, Expired: r.Window.Expired, InFlight: r.Window.InFlight(),
		},
		Decisions: []report.Decision{}, // unless something decides while it runs
	}
	if r.CPU > 0 && r.Done > 0 {
		run.CPU = pointer(float64(r.CPU) / float64(r.Done))
	}
	for i, t := range r.Stages {
		st := report.Stage{Name: b.graph.Name(i), Batch: batches[i]}
		if t.Count > 0 {
			wait := t.Wait / float64(t.Count)
			st.Service, st.Wait = pointer(t.Service/float64(t.Count)), &wait
			st.Depth = pointer(run.Accepted * b.graph.Visits(i) * wait / 1e9)
		}
		run.Stages = append(run.Stages, st)
	}
	return run
}

func at(h *hdrhistogram.Histogram, percentile float64) int64 {
	if h.TotalCount() == 0 {
		return 0
	}
	return h.ValueAtQuantile(percentile)
}

func pointer[T any](v T) *T { return &v }
