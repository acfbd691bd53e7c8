package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	pprof "github.com/google/pprof/profile"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/bpf"
	"github.com/seda-go/seda/probes/profile"
)

// The flags of profiles.
const (
	flagOffCPU = "profile-offcpu"
	flagOnCPU  = "profile-oncpu"
)

// sampleRate is how often per second of its time on a CPU a thread is sampled: a prime, which does not keep step with what the load does.
const sampleRate = 199

// profiling is the profiles that were asked for, all of one run.
type profiling struct {
	files  []*profileFile
	config bpf.StackConfig
	kernel *profile.Kernel // nil: its frames are left out

	// Of the run.
	stacks   bpf.Stacks
	start    time.Time
	duration time.Duration
	stats    engine.Stats
}

// profileFile is written under another name until it is complete.
type profileFile struct {
	flag, name string
	make       func([]probes.Stack, profile.Config) *pprof.Profile
	file       *os.File
}

// asked reports whether there are profiles to be made.
func (p *profiling) asked() bool { return len(p.files) > 0 }

// newProfiling opens, before anything runs, all that the profiles need: files, and programs in the kernel. Errors name the flag. The caller calls discard.
func newProfiling(o *options) (*profiling, error) {
	p := &profiling{config: bpf.StackConfig{OffCPU: o.offCPU != ""}}
	if o.offCPU != "" {
		p.files = append(p.files, &profileFile{flag: flagOffCPU, name: o.offCPU, make: profile.OffCPU})
	}
	if o.onCPU != "" {
		p.config.Rate = sampleRate
		p.files = append(p.files, &profileFile{flag: flagOnCPU, name: o.onCPU, make: profile.OnCPU})
	}
	if !p.asked() {
		return p, nil
	}
	var hidden error
	p.kernel, hidden = profile.OpenKernel()
	p.config.Kernel = hidden == nil
	if err := p.try(); err != nil {
		return nil, errors.Join(err, p.discard())
	}
	return p, nil
}

func (p *profiling) try() error {
	source, err := p.open("", func(error) {})
	if err != nil {
		return fmt.Errorf("--%s: %w: %s", p.files[0].flag, err, probes.ReasonOf(err).Remedy())
	}
	if err := errors.Join(p.stacks.Close(), source.Close()); err != nil {
		return err
	}
	for _, f := range p.files {
		if err := f.create(); err != nil {
			return fmt.Errorf("--%s: %w", f.flag, err)
		}
	}
	return nil
}

// open opens the source for the run, and keeps the stacks of its threads.
func (p *profiling) open(pin string, warn func(error)) (probes.Source, error) {
	source, err := bpf.Open(programConfig(pin, warn))
	if err != nil {
		return nil, err
	}
	if p.stacks, err = bpf.OpenStacks(source, p.config); err != nil {
		return nil, errors.Join(err, source.Close())
	}
	p.start = time.Now()
	return source, nil
}

// ended notes what the engine says of itself, and when.
func (p *profiling) ended(s engine.Stats) { p.stats, p.duration = s, time.Since(p.start) }

// write completes the files. What is the run, in words.
func (p *profiling) write(what, command string) (notes []string, err error) {
	list, err := p.stacks.Read()
	if list == nil && err != nil {
		return nil, err
	}
	if err != nil { // stacks are there, but not all samples
		notes = append(notes, err.Error())
	}
	lost, err := p.stacks.Lost()
	if err != nil {
		return nil, err
	}
	if lost != (probes.Lost{}) {
		notes = append(notes, fmt.Sprintf("no room for all stacks: %d times off the CPU, %v in all, and %d samples are missing",
			lost.Pauses, time.Duration(lost.Time), lost.Samples))
	}
	if p.kernel == nil {
		notes = append(notes, "the kernel hides its addresses: its frames are left out")
	}
	c := profile.Config{
		Stage: p.stage, Worker: p.worker, Kernel: p.kernel, Start: p.start, Duration: p.duration, Rate: sampleRate,
		Comments: append([]string{what, command}, notes...),
	}
	for _, f := range p.files {
		if err := f.write(list, c); err != nil {
			return nil, fmt.Errorf("--%s: %w", f.flag, err)
		}
	}
	return notes, nil
}

// create opens the file under its other name. What is not a file, such as a directory or /dev/stdout, cannot be replaced, or must not be.
func (f *profileFile) create() (err error) {
	if info, err := os.Lstat(f.name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is there, and not a regular file", f.name)
	}
	f.file, err = os.OpenFile(partOf(f.name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o666)
	return err
}

func (f *profileFile) write(list []probes.Stack, c profile.Config) error {
	err := errors.Join(f.make(list, c).Write(f.file), f.file.Close())
	part := f.file.Name()
	f.file = nil
	if err == nil {
		err = os.Rename(part, f.name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// discard removes what was not completed.
func (p *profiling) discard() error {
	var errs []error
	if p.stacks != nil {
		errs = append(errs, p.stacks.Close())
	}
	for _, f := range p.files {
		if f.file != nil {
			errs = append(errs, f.file.Close(), os.Remove(f.file.Name()))
			f.file = nil
		}
	}
	return errors.Join(errs...)
}

// stage is what the label says: the name of the stage whose word that is. A worker without a batch has none.
func (p *profiling) stage(word uint32) string {
	i := slices.IndexFunc(p.stats.Stages, func(s engine.StageStats) bool { return s.Word == word })
	if i < 0 {
		return "none"
	}
	return p.stats.Stages[i].Name
}

func (p *profiling) worker(thread int) string {
	i := slices.IndexFunc(p.stats.Workers, func(w engine.WorkerStats) bool { return w.TID == thread })
	if i < 0 {
		return "thread " + strconv.Itoa(thread) // a handler left it, and the worker has another one
	}
	return strconv.Itoa(i)
}

// profile makes one run more, of staged under the last load there was, whose figures are in no table: those of the others are not of runs that were
// looked at so closely.
func (st *study) profile(ctx context.Context) error {
	if !st.profiling.asked() {
		return nil
	}
	workers := st.workers[len(st.workers)-1]
	l := st.closedLoad(workers)
	if st.host.hasGenerator(workers) && len(st.rates) > 0 {
		var err error
		if l, err = st.openLoad(workers, st.rates[len(st.rates)-1]); err != nil {
			return err
		}
	}
	cells := slices.DeleteFunc(st.cells(workers, l), func(c cell) bool { return c.policy == "" })
	last := cells[len(cells)-1]
	b := st.bench
	b.profiled, b.distributions = st.profiling, nil
	if _, err := b.measure(ctx, last, st.reps); err != nil {
		return err
	}
	what := fmt.Sprintf("a run of its own, with its warm-up: %s", last)
	notes, err := st.profiling.write(what, st.command)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range st.profiling.files {
		names = append(names, f.name)
	}
	for _, line := range append([]string{strings.Join(names, ", ") + ": " + what}, notes...) {
		fmt.Fprintln(st.errs, line)
	}
	return nil
}
