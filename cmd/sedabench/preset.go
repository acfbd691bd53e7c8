package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/trial"
)

// preset is an experiment: what the control side of staged does with a question that has an answer.
type preset struct {
	name, about string
	flags       map[string]string // what flags say that are not given; only these flags, and those of every preset, may be given
	generator   bool              // it needs a CPU for the load generator
	blocks      bool              // it is about work that blocks
	least       time.Duration     // of the service time, in the mean
	ask         func(ctx context.Context, a *asking) error
}

// Policies that are worth comparing, as far as there are such: the engine's own, the published laws of the same kind, and none.
const (
	batches   = "adaptive,seda-2001"
	cores     = "adaptive,caladan,seda-2001,serve-all,static"
	admission = "adaptive,breakwater,caladan,codel,dagor,queue-timeout,seda-2003,static"
)

func presets() []preset {
	return append([]preset{
		{
			name: "batch-oracle", about: "fixed batches from 1 to 256 beside what policies find, cold and after a change",
			flags:     map[string]string{"policy": batches, "duration": "200ms", "warmup": "50ms", "reps": "1"},
			generator: true, ask: askBatch,
		},
		{
			name: "shift", about: "work that moves from one stage to the next",
			flags: map[string]string{"policy": cores, "service": "constant:20us", "duration": "1s", "warmup": "200ms", "reps": "3"},
			ask:   askShift,
		},
		{
			name: "spike", about: "spikes of 1.4 times the capacity, again and again",
			flags:     map[string]string{"policy": admission, "service": "constant:50us", "duration": "6s", "warmup": "240ms", "reps": "1"},
			generator: true, ask: askSpike,
		},
		{
			name: "overload", about: "1, 2 and 4 times the capacity, and three classes",
			flags:     map[string]string{"policy": admission, "service": "", "rate": "1x,2x,4x", "duration": "400ms", "warmup": "200ms", "reps": "1"},
			generator: true, ask: askOverload,
		},
		{
			name: "starve", about: "a stage that gets little, beside more flooded stages than workers",
			flags:     map[string]string{"policy": cores, "service": "constant:10us", "duration": "1s", "warmup": "200ms", "reps": "3"},
			generator: true, ask: askStarve,
		},
		{
			name: "two-stage-oscillation", about: "two equal stages under a load that does not change",
			flags: map[string]string{"policy": cores, "service": "constant:20us", "duration": "1s", "warmup": "500ms", "reps": "3"},
			ask:   askPair,
		},
	}, paperPresets()...)
}

func presetNames() (names []string) {
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

func findPreset(name string) preset {
	all := presets()
	return all[slices.IndexFunc(all, func(p preset) bool { return p.name == name })]
}

// common are the flags that every preset takes.
var common = []string{"preset", "workers", "policy", "probes", "pin", "seed", "output", "out"}

// looksAt reports whether the preset uses a flag: --service of overload only if it is given.
func (p preset) looksAt(flag string, given map[string]bool) bool {
	text, uses := p.flags[flag]
	return slices.Contains(common, flag) || uses && (text != "" || given[flag])
}

// adjust gives flags that were not given what the preset says, and refuses those that it would ignore.
func (p preset) adjust(f *flags) error {
	for _, name := range slices.Sorted(maps.Keys(f.given)) {
		if _, uses := p.flags[name]; !uses && !slices.Contains(common, name) {
			own := slices.DeleteFunc(slices.Sorted(maps.Keys(p.flags)), func(name string) bool { return name == "policy" })
			return usagef("--%s: --preset %s does not look at it, but at --%s", name, p.name, strings.Join(append(slices.Clone(common[1:]), own...), ", --"))
		}
	}
	for name, text := range p.flags {
		if f.given[name] || text == "" || name == "policy" {
			continue
		}
		if err := f.set.Set(name, text); err != nil {
			panic(fmt.Sprintf("--preset %s: %v", p.name, err))
		}
	}
	if f.given["policy"] {
		return nil
	}
	return f.set.Set("policy", strings.Join(p.policies(), ","))
}

// policies are those that the preset compares: all, or those that it names, as far as there are such.
func (p preset) policies() []string {
	all := staged.Policies()
	wanted := strings.Split(p.flags["policy"], ",")
	some := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !slices.Contains(wanted, name) })
	if len(some) == 0 {
		return all
	}
	return some
}

// asking is one invocation of a preset: it makes trials, and gathers what they say on sheets.
type asking struct {
	*study
	place  trial.Place
	sheets []*sheet
	charts []chart
	notes  []string
}

// runPreset asks what the preset asks, and prints the answer.
func (st *study) runPreset(ctx context.Context) error {
	a := st.asking()
	return a.end(findPreset(st.preset).ask(ctx, a))
}

func (st *study) asking() *asking {
	workers := st.workers[0]
	return &asking{study: st, place: trial.Place{
		CPUs: st.host.placed(workers), Workers: workers, ByWorkers: !st.host.hasGenerator(workers), Spin: st.spin,
		Park: st.quota > 0, // no Log: that a handler which is stopped runs long shows in the figures
	}}
}

// end prints what was found, or, if something failed, the runs there are.
func (a *asking) end(failed error) error {
	return a.finish(failed, func() error {
		if a.output == "text" {
			return a.writeText(a.out)
		}
		for _, s := range a.sheets {
			a.findings = append(a.findings, s.findings()...)
		}
		return a.write()
	})
}

func (a *asking) writeText(w io.Writer) error {
	for _, s := range a.sheets {
		if err := s.write(w); err != nil {
			return err
		}
	}
	for _, c := range a.charts {
		if err := c.write(w); err != nil {
			return err
		}
	}
	if err := writeThreads(w, a.runs); err != nil {
		return err
	}
	for _, line := range append(append([]string{a.sampleText()}, a.notes...), disturbance(report.File{Machine: a.machine})...) {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// sampleText says what figures rest on.
func (a *asking) sampleText() string {
	if a.reps == 1 {
		return "One run of each: nothing says how much of a difference, or of a verdict, is chance (--reps)."
	}
	return fmt.Sprintf("Medians of %d runs each, but for those left out.", a.reps)
}

// sheet adds a sheet on which our policy's row is judged.
func (a *asking) sheet(title string, columns ...column) *sheet {
	s := newSheet(title, columns...)
	s.ours = []string{staged.DefaultPolicy()}
	a.sheets = append(a.sheets, s)
	return s
}

// entry is one run of each repetition.
type entry struct {
	sheet  *sheet
	row    string
	config trial.Config
	take   func(o trial.Outcome) // puts what it measured on the sheet
}

// repeat makes every run once in each repetition, each time in another order.
func (a *asking) repeat(ctx context.Context, entries []entry) error {
	for _, e := range entries {
		e.sheet.row(e.row)
		a.progress.total += time.Duration(a.reps) * (e.config.Warmup + e.config.Duration + between)
	}
	for rep := range a.reps {
		for _, i := range a.random.Perm(len(entries)) {
			e := entries[i]
			o, err := a.run(ctx, e, rep)
			if err != nil {
				return err
			}
			if !o.Counts(e.config) {
				e.sheet.invalid[e.row]++
				continue
			}
			e.take(o)
		}
		a.progress.line(fmt.Sprintf("%s: repetition %d of %d done", entries[0].sheet.title, rep+1, a.reps))
	}
	return nil
}

// run makes one run and keeps it for the JSON.
func (a *asking) run(ctx context.Context, e entry, rep int) (trial.Outcome, error) {
	a.progress.doing(fmt.Sprintf("repetition %d of %d: %s, %s", rep+1, a.reps, e.sheet.title, e.row))
	c := e.config
	c.Seed = load.Seed(a.seed, rep)
	o, err := a.try(ctx, c)
	if err != nil {
		return o, fmt.Errorf("%s, %s: %w", e.sheet.title, e.row, err)
	}
	a.runs = append(a.runs, a.reportTrial(c, e.sheet.archOf(e.row), rep, o))
	a.progress.did(c.Warmup + c.Duration + between)
	return o, nil
}

// try makes a run, with probes of its own if there are any.
func (a *asking) try(ctx context.Context, c trial.Config) (o trial.Outcome, err error) {
	if c.Probes, err = a.openProbes(a.log); err != nil {
		return o, err
	}
	if c.Probes != nil {
		defer func() { err = errors.Join(err, c.Probes.Close()) }()
	}
	return trial.Run(ctx, c)
}

// reportTrial describes a trial as any other run.
func (a *asking) reportTrial(c trial.Config, arch string, rep int, o trial.Outcome) report.Run {
	l := report.Load{Arrival: string(c.Arrival), MadeBy: report.ByGenerator}
	if c.ByWorkers {
		l.MadeBy = report.ByWorkers
	}
	if c.Arrival == load.Closed {
		l.Clients = &c.Clients
	} else {
		l.Rate = &c.Rate
	}
	b := *a.options
	b.graph = c.Graph
	run := (&bench{options: &b}).report(cell{arch: arch, workers: c.Workers, load: l}, rep, o.Result, o.Batches)
	if c.Start == nil { // else nothing decides
		run.Policy, run.Timeline, run.Decisions = c.Policy, o.Timeline, o.Decisions
	}
	addThreads(&run, o.Stats)
	return run
}

// timed sets how long the runs of a preset are.
func (a *asking) timed(c trial.Config) trial.Config {
	c.Warmup, c.Duration = a.warmup, a.duration
	return c
}
