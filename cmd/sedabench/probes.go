package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/bpf"
	"github.com/seda-go/seda/probes/perf"
	"github.com/seda-go/seda/probes/procfs"
)

// The values of --probes. It is off by default: what is compared by default are architectures, and programs in the scheduler make every switch of the machine
// dearer, which architectures that switch a lot would pay for.
const (
	probesOff  = "off"
	probesAuto = "auto"
	probesBPF  = "bpf"
	probesProc = "proc"
)

var probesModes = []string{probesOff, probesAuto, probesBPF, probesProc}

// openProbes opens what a mode asks for; nil for off. Only bpf fails if it cannot be had, with the reason. Maps are pinned under a directory of a bpf file
// system; empty: nowhere.
func openProbes(mode, pin string, warn func(error)) (probes.Source, error) {
	programs := programConfig(pin, warn)
	switch mode {
	case probesOff:
		return nil, nil
	case probesProc:
		return probes.Climb(procfs.Step()), nil
	case probesBPF:
		source, err := bpf.Open(programs)
		if err != nil {
			return nil, fmt.Errorf("--probes bpf: %w: %s", err, probes.ReasonOf(err).Remedy())
		}
		return source, nil
	}
	return probes.Climb(bpf.Step(programs), perf.Step(), procfs.Step()), nil
}

func programConfig(pin string, warn func(error)) bpf.Config {
	return bpf.Config{Stages: 2 * workload.MaxStages, Pin: pin, Warn: warn}
}

// originsText says in one line which metrics come from where.
func originsText(source probes.Source) string {
	var from []string
	metrics := map[string][]string{}
	for m, e := range probes.ReportOf(source) {
		where := e.Origin.String()
		if e.Origin == probes.None {
			where = "none (" + e.Reason.Error() + ")"
		}
		if metrics[where] == nil {
			from = append(from, where)
		}
		metrics[where] = append(metrics[where], probes.Metric(m).String())
	}
	for i, where := range from {
		from[i] = where + ": " + strings.Join(metrics[where], ", ")
	}
	return strings.Join(from, "; ")
}

// tryProbes opens the source once before anything is measured, and says what it knows; "" without one. Then each run of staged has a source of its own:
// other architectures do not run beside programs in the scheduler. That nothing can be pinned where that was asked for is an error now, not a surprise
// to whoever comes with bpftool.
func (o *options) tryProbes() (origins string, err error) {
	var unpinned error
	source, err := openProbes(o.probes, o.pin, func(err error) { unpinned = err })
	if source == nil || err != nil {
		return "", err
	}
	if origin, why := source.Origin(probes.Stages); o.pin != "" && origin != probes.BPF {
		unpinned = fmt.Errorf("%w: %s", why, why.Remedy())
	}
	if unpinned != nil {
		return "", errors.Join(fmt.Errorf("--pin: %w", unpinned), source.Close())
	}
	return originsText(source), source.Close()
}

func (o *options) openProbes(log *slog.Logger) (probes.Source, error) {
	return openProbes(o.probes, o.pin, warning(log))
}

func warning(log *slog.Logger) func(error) {
	return func(err error) { log.Warn("probes", "err", err) }
}

// sourceFor opens the source for a run of an architecture; nil: it has none.
func (b *bench) sourceFor(name string) (probes.Source, error) {
	if name != ours {
		return nil, nil
	}
	if b.profiled != nil {
		return b.profiled.open(b.pin, warning(b.log))
	}
	return b.openProbes(b.log)
}

// addThreads adds to the stages of a run what probes know of them: per request, of all the time from start to stop.
func addThreads(run *report.Run, s engine.Stats) {
	for i := range run.Stages {
		st := s.Stage(run.Stages[i].Name)
		n := float64(st.Completed + st.Failed)
		if !st.Thread.Known || n == 0 {
			continue
		}
		t := st.Thread
		delay := t.RunQueue + t.Preempted
		o := &run.Stages[i]
		o.OnCPU, o.OffCPU, o.RunDelay = pointer(float64(t.OnCPU)/n), pointer(float64(t.Blocked+delay)/n), pointer(float64(delay)/n)
	}
}

// writeThreads prints what probes know of stages, the median of the runs that know.
func writeThreads(w io.Writer, runs []report.Run) error {
	var t report.Table
	t.Add("staged by stage", "service", "on CPU", "off CPU", "of that waiting for one", "runs")
	var names []string
	columns := map[string][4][]float64{}
	for _, r := range runs {
		for _, st := range r.Stages {
			if st.OnCPU == nil {
				continue
			}
			name := r.Arch + " " + st.Name + ", " + r.Load.String()
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			c := columns[name]
			for i, x := range []*float64{st.Service, st.OnCPU, st.OffCPU, st.RunDelay} {
				if x != nil { // few requests have none whose service was measured
					c[i] = append(c[i], *x)
				}
			}
			columns[name] = c
		}
	}
	for _, name := range names {
		cells := []string{name}
		for _, list := range columns[name] {
			text := "-"
			if len(list) > 0 {
				text = report.Time(report.QuartilesOf(list).Median)
			}
			cells = append(cells, text)
		}
		t.Add(append(cells, fmt.Sprint(len(columns[name][1])))...)
	}
	if names == nil {
		return nil
	}
	if _, err := fmt.Fprintln(w, "What the kernel did to stages, per request:"); err != nil {
		return err
	}
	if err := t.Write(w); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}
