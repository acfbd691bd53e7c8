package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// write prints the results in the form that was asked for.
func (st *study) write() error {
	file := st.file()
	switch st.output {
	case "json":
		st.note(append(scattered(file), uncounted(file, marked)...))
		return report.WriteJSON(st.out, file)
	case "bench":
		st.note(append(scattered(file), uncounted(file, leftOut)...))
		return report.WriteBench(st.out, file)
	}
	if err := writeText(st.out, file); err != nil {
		return err
	}
	for _, s := range st.sheets {
		if _, err := fmt.Fprintln(st.out); err != nil {
			return err
		}
		if err := s.write(st.out); err != nil {
			return err
		}
	}
	return nil
}

func (st *study) file() report.File {
	return report.File{Schema: report.Schema, Partial: st.partial != "", Reason: st.partial, Machine: st.machine, Config: st.config(), Runs: st.runs, Findings: st.findings, Scales: st.scales}
}

// note writes lines to standard error, where the results are for programs.
func (st *study) note(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(st.errs, line)
	}
}

func (st *study) config() report.Config {
	c := report.Config{
		Command: st.command, Preset: st.preset, Archs: st.archs, Workers: st.workers, Shape: st.shape, Stages: st.stages, Graph: st.described(), Keys: st.keys.String(), Service: st.service.String(), Work: st.work.String(), Threads: st.blocked(),
		Clients: st.clients, Batch: st.batch, Capacity: st.capacity, Policy: strings.Join(st.policies, ","), Target: st.target.Seconds(), Probes: st.probes,
		Warmup: st.warmup.Seconds(), Duration: st.duration.Seconds(), Reps: st.reps, Seed: st.seed,
		SpinTurn: st.spin.PerTurn, SpinSpread: st.spin.Spread,
	}
	var loads []report.Load
	for _, row := range report.Summarize(st.runs) {
		if !slices.ContainsFunc(loads, row.Load.Same) {
			loads = append(loads, row.Load)
			c.Loads = append(c.Loads, row.Load.String())
		}
	}
	return c
}

// writeHeader prints the machine and the whole configuration, before anything
// is measured.
func (st *study) writeHeader() error {
	var b strings.Builder
	fmt.Fprintf(&b, "machine  %s, steal %s\n", machineText(st.machine), st.before.stealText())
	fmt.Fprintf(&b, "command  %s\n", wrap(st.command, "         "))
	if st.preset != "" {
		fmt.Fprintf(&b, "preset   %s\n", findPreset(st.preset).about)
	}
	service := st.serviceText()
	if st.preset != "" && st.flagless("service") {
		service = "by the preset"
	}
	fmt.Fprintf(&b, "service  %s, %s\n", service, st.spentText())
	if st.workload != "" {
		fmt.Fprintf(&b, "graph    %s\n", joinedLines(st.described(), "         "))
	}
	for _, workers := range st.workers {
		fmt.Fprintf(&b, "CPUs     %s\n", st.placement(workers))
	}
	if st.origins != "" {
		fmt.Fprintf(&b, "probes   %s\n", st.origins)
	}
	if st.machine.Quota > 0 {
		fmt.Fprintf(&b, "warning  the CPU quota of %g CPUs stops threads that spin, and so the load generator: these figures say little\n", st.machine.Quota)
	}
	if st.total > 0 {
		fmt.Fprintf(&b, "time     about %s", st.total.Round(1e9))
		if st.precision.share > 0 {
			fmt.Fprintf(&b, ", and more for --%s, for which it begins no repetition after %s", flagPrecision, st.precision.limit)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	_, err := io.WriteString(st.out, b.String())
	return err
}

// flagless reports whether neither the arguments nor the preset set a flag.
func (o *options) flagless(flag string) bool {
	return !o.given[flag] && findPreset(o.preset).flags[flag] == ""
}

// placement says where the workers and the load generator run.
func (st *study) placement(workers int) string {
	cpus := st.host.placed(workers)
	if st.byWorkers {
		cpus = st.host.spread(workers)
	}
	text := report.Plural(workers, "worker")
	if !cpus.Workers.Empty() {
		text += " on " + cpusText(cpus.Workers)
	}
	switch {
	case st.byWorkers:
		return text
	case !st.host.hasGenerator(workers):
		return text + "; no CPU is left for the load generator: the workers make the load, in closed loop only"
	case cpus.Generator < 0:
		return text + ", load generator on a thread of its own; nothing is pinned, for lack of support"
	}
	return fmt.Sprintf("%s, load generator on CPU %d", text, cpus.Generator)
}

// wrap breaks text at flags, for lines of a hundred columns or so.
func wrap(text, indent string) string {
	var b strings.Builder
	column := 0
	for i, flag := range strings.Split(text, " --") {
		if i > 0 {
			flag = "--" + flag
			if column+len(flag) > 100 {
				b.WriteString("\n" + indent)
				column = 0
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(flag)
		column += len(flag) + 1
	}
	return b.String()
}

// writeText prints a table a load, and what the tables mean.
func writeText(w io.Writer, f report.File) error {
	for _, line := range incomplete(f) {
		fmt.Fprintf(w, "%s\n\n", line)
	}
	rows := report.Summarize(f.Runs)
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Workers == rows[0].Workers && rows[n].Load.Same(rows[0].Load) {
			n++
		}
		fmt.Fprintf(w, "%s, %s:\n", capitalized(rows[0].Load.String()), report.Plural(rows[0].Workers, "worker"))
		if err := report.WriteRows(w, rows[:n]); err != nil {
			return err
		}
		fmt.Fprintln(w)
		rows = rows[n:]
	}
	if err := writeScales(w, f.Scales); err != nil {
		return err
	}
	if err := writeThreads(w, f.Runs); err != nil {
		return err
	}
	if err := writeTimelines(w, f.Runs); err != nil {
		return err
	}
	lines := append([]string{"Medians of the runs; percentiles of the time from when a request was due to its end."}, disturbance(f)...)
	for _, line := range append(lines, verdict(report.Summarize(f.Runs))...) {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
