package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// simOptions are what the flags of sim say.
type simOptions struct {
	preset    string
	workers   int
	smt       int // workers of a core
	llc, node int // workers that share a last-level cache, and a node
	costs     string
	shape     string
	stages    int
	keys      *workload.Keys
	made      *workload.Graph    // of the shapes that run has, too; nil: pipeline, fanout, branch
	services  []workload.Service // of each stage of that; nil: service
	works     []workload.Work    // likewise, for footprints
	service   workload.Service
	weights   []float64
	overhead  time.Duration
	footprint int
	serial    []string
	keyed     []string
	batch     int
	capacity  int
	arrival   simArrival
	rates     []rate
	clients   int
	target    time.Duration
	policies  []string
	search    int
	tick      time.Duration
	timeline  time.Duration
	duration  time.Duration
	warmup    time.Duration
	seed      uint64
	output    string
	command   string
}

const maxSimStages = 128

func simFlags(o *simOptions) *flags {
	f := newFlags("sim")
	f.add("preset", "", "", "an experiment, which changes the defaults: "+strings.Join(simPresetNames(), ", "),
		one(&o.preset, oneOf("preset", simPresetNames()...)))
	f.add("workers", "", "8", "workers of the machine", one(&o.workers, integer(1, maxWorkers)))
	f.add("smt", "", "1", "workers of a core", one(&o.smt, integer(1, 8)))
	f.add("llc", "", "0", "workers that share a last-level cache; 0: all", one(&o.llc, integer(0, maxWorkers)))
	f.add("node", "", "0", "workers of a NUMA node; 0: all", one(&o.node, integer(0, maxWorkers)))
	f.add("costs", "", "measured", "of rings, caches and wake-ups: measured or none", one(&o.costs, oneOf("costs", "measured", "none")))
	f.add("shape", "", "pipeline", strings.Join(simShapes, ", "), one(&o.shape, parseSimShape))
	f.add("stages", "", "3", "stages of the shape", one(&o.stages, integer(1, maxSimStages)))
	f.add(flagKeys, "", "", "of --shape keyed: "+strings.Join(workload.KeysForms(), " or ")+"; by default "+defaultKeys, one(&o.keys, workload.ParseKeys))
	f.beside(flagKeys)
	f.add("service", "", "exp:1us", "service time per stage: "+strings.Join(workload.ServiceForms(), ", "), one(&o.service, workload.ParseService))
	f.add("weights", "", "", "factors on it, one for each stage, such as 1,4,1", many(&o.weights, parseWeight))
	f.add("overhead", "", "40ns", "what a batch costs in a stage, whatever its size", one(&o.overhead, period(0, time.Second)))
	f.add("footprint", "", "0", "KiB that a stage wants in a core's cache", one(&o.footprint, integer(0, 1<<20)))
	f.add("serial", "", "", "stages that run on one worker at a time, such as s1", list(&o.serial, parseStage))
	f.add("keyed", "", "", "stages that run on several, by key", list(&o.keyed, parseStage))
	f.add("batch", "", "64", "most requests of a batch", one(&o.batch, integer(1, maxCapacity)))
	f.add("capacity", "", "1024", "requests that a queue holds", one(&o.capacity, integer(1, maxCapacity)))
	f.add("arrival", "", "saturate", strings.Join(simArrivalForms(), ", "), one(&o.arrival, parseSimArrival))
	f.add("rate", "", "", "rates of open arrivals: requests/s, or parts of the fluid bound such as 0.5x,1x", list(&o.rates, parseRate))
	f.add("clients", "", "1024", "requests outstanding in closed", one(&o.clients, integer(1, maxCapacity)))
	f.add("target", "", "0s", "in time is what takes no longer; policies see it; 0s: any time", one(&o.target, period(0, maxTime)))
	f.add("policy", "", staged.DefaultPolicy(), "what decides: "+strings.Join(sched.Names(), ", ")+"; under static each worker keeps stages of its own",
		list(&o.policies, oneOf("policy", sched.Names()...)))
	f.add("search", "", "0", "assignments to try in search of the best static one; 0: no search", one(&o.search, integer(0, 100_000)))
	f.add("tick", "", "5ms", "simulated time between two decisions", one(&o.tick, period(time.Microsecond, time.Minute)))
	f.add("timeline", "", "0s", "show cores, batches, rates and delays that often; 0s: never", one(&o.timeline, period(0, maxTime)))
	f.add("duration", "", "100ms", "simulated time that counts", one(&o.duration, period(time.Microsecond, maxTime)))
	f.add("warmup", "", "20ms", "simulated time before that", one(&o.warmup, period(0, maxTime)))
	f.add("seed", "", "1", "of arrivals and service times", one(&o.seed, parseSeed))
	f.add("output", "o", "text", "text or json", one(&o.output, oneOf("output", "text", "json")))
	return f
}

const simExamples = `  sedabench sim --workers 128 --stages 50 --policy serve-all,static
  sedabench sim --weights 1,4,1 --serial s2 --arrival poisson --rate 0.5x,0.9x
  sedabench sim --preset shift --workers 16
`

func simHelp() string {
	var o simOptions
	return "usage: sedabench sim [flags]\n\nAsks what run asks of a machine and a graph that need not exist, by simulation.\n\nflags:\n" +
		simFlags(&o).help() + "\nexamples:\n" + simExamples
}

// parseSim reads the arguments of sim.
func parseSim(args []string) (simOptions, error) {
	var o simOptions
	f := simFlags(&o)
	if err := f.parse(args); err != nil {
		return o, err
	}
	if o.preset != "" {
		if err := adjustSim(f, o.preset); err != nil {
			return o, err
		}
	}
	if err := o.makeGraph(f); err != nil {
		return o, usageError{err}
	}
	if err := o.check(); err != nil {
		return o, usageError{err}
	}
	o.command = commandLine(f, "")
	return o, nil
}

// check sees to what no flag can check alone.
func (o *simOptions) check() error {
	open := o.arrival.isOpen()
	switch {
	case len(o.weights) > 0 && len(o.weights) != o.stages:
		return fmt.Errorf("--weights: %s, want %d, one for each of the --stages", report.Plural(len(o.weights), "factor"), o.stages)
	case o.shape != "pipeline" && o.stages < 2:
		return fmt.Errorf("--stages: %d, want 2 or more for --shape %s", o.stages, o.shape)
	case o.arrival.process == sim.Closed && o.clients > o.capacity:
		return fmt.Errorf("--clients: %d, want 1 to %d, the --capacity", o.clients, o.capacity)
	case len(o.rates) > 0 && !open:
		return fmt.Errorf("--rate: with --arrival %s the service sets the rate; want --arrival fixed or poisson", o.arrival.text)
	case open && len(o.rates) == 0:
		o.rates = []rate{{fraction: 0.5}, {fraction: 0.9}}
	}
	if _, err := o.profile(); err != nil {
		return fmt.Errorf("--arrival %s: %w", o.arrival.text, err)
	}
	for _, at := range []struct {
		flag  string
		names []string
	}{{"serial", o.serial}, {"keyed", o.keyed}} {
		for _, name := range at.names {
			if i := stageNumber(name); i >= o.stages {
				return fmt.Errorf("--%s: there is no stage %s, want s0 to s%d", at.flag, name, o.stages-1)
			}
		}
	}
	for _, name := range o.serial {
		if slices.Contains(o.keyed, name) {
			return fmt.Errorf("--keyed: %s is --serial", name)
		}
	}
	return nil
}

// simVerb simulates what the arguments say and prints it.
func simVerb(ctx context.Context, args []string, s streams) error {
	o, err := parseSim(args)
	if err != nil {
		return err
	}
	st := simStudy{simOptions: o}
	if err := st.simulate(ctx); err != nil {
		return err
	}
	if o.output == "json" {
		return st.writeJSON(s.out)
	}
	return st.writeText(s.out)
}

// simStudy is one invocation of sim.
type simStudy struct {
	simOptions
	bound sim.Bound // at the start
	names []string  // of stages, as in bound
	loads []simLoad
}

// simLoad is what the contenders did under one load.
type simLoad struct {
	load string
	runs []simRun
}

// simRun is one run.
type simRun struct {
	name, policy string
	*sim.Result
}

// simulate makes all runs.
func (st *simStudy) simulate(ctx context.Context) error {
	y := st.system(0)
	st.bound = sim.Fluid(y, 0)
	for i := range y.Stages {
		st.names = append(st.names, y.Stages[i].Name)
	}
	rates := st.rates
	if len(rates) == 0 {
		rates = []rate{{}}
	}
	for _, r := range rates {
		perSecond := r.perSecond + r.fraction*st.bound.Rate
		l := simLoad{load: st.loadText(r, perSecond)}
		y := st.system(perSecond)
		contenders, err := st.contenders(y)
		if err != nil {
			return err
		}
		for _, c := range contenders {
			if err := ctx.Err(); err != nil {
				return err
			}
			res, err := sim.Run(y, c.options)
			if err != nil {
				return fmt.Errorf("simulation: %w", err)
			}
			l.runs = append(l.runs, simRun{c.name, c.policy, res})
		}
		st.loads = append(st.loads, l)
	}
	return nil
}

func (st *simStudy) loadText(r rate, perSecond float64) string {
	switch {
	case st.arrival.process == sim.Saturate:
		return "as many requests as fit"
	case st.arrival.process == sim.Closed:
		return "closed loop, " + report.Plural(st.clients, "client")
	case r.fraction > 0:
		return fmt.Sprintf("%s arrivals, %s/s (%gx of the bound)", st.arrival.text, report.Count(perSecond), r.fraction)
	}
	return fmt.Sprintf("%s arrivals, %s/s", st.arrival.text, report.Count(perSecond))
}

// simContender is a way to run the system.
type simContender struct {
	name, policy string
	options      sim.Options
}

func (st *simStudy) contenders(y *sim.System) ([]simContender, error) {
	base := sim.Options{
		Tick: int64(st.tick), Seed: st.seed, Warmup: int64(st.warmup), Duration: int64(st.duration), Sample: int64(st.timeline),
	}
	var all []simContender
	for _, name := range st.policies {
		o := base
		var err error
		if o.Policy, err = sched.Find(name); err != nil {
			return nil, err
		}
		if name == staged.Static {
			o.Plan.Serve = st.divided()
		}
		all = append(all, simContender{name, name, o})
	}
	if st.preset == "batch-oracle" {
		for b := 1; b <= st.batch; b *= 4 {
			o := base
			o.Plan.Batch = make([]int, len(y.Stages))
			for i := range o.Plan.Batch {
				o.Plan.Batch[i] = b
			}
			all = append(all, simContender{name: fmt.Sprintf("batches of %d", b), options: o})
		}
	}
	if st.search > 0 {
		best, err := sim.BestStatic(st.saturated(y), sim.Search{Seed: st.seed, Tries: st.search})
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		o := base
		o.Plan = best.Plan
		all = append(all, simContender{name: "best static", options: o})
	}
	return all, nil
}

// saturated returns y with more requests than it can handle.
func (st *simStudy) saturated(y *sim.System) *sim.System {
	z := *y
	z.Sources = slices.Clone(y.Sources)
	for i := range z.Sources {
		z.Sources[i].Arrivals = sim.Arrivals{Process: sim.Saturate}
	}
	return &z
}
