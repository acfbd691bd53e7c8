package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/probes"
)

func doctorFlags(output *string) *flags {
	f := newFlags("doctor")
	f.add("output", "o", "text", "text or json", one(output, oneOf("output", "text", "json")))
	return f
}

func doctorHelp() string {
	var output string
	return "usage: sedabench doctor [flags]\n\nPrints what can be known of threads here: each metric, where it comes from, and what to do about those that are missing.\n\nflags:\n" +
		doctorFlags(&output).help()
}

func doctorVerb(_ context.Context, args []string, s streams) (err error) {
	var output string
	if err := doctorFlags(&output).parse(args); err != nil {
		return err
	}
	source, err := openProbes(probesAuto, "", func(error) {})
	if err != nil {
		return err
	}
	write := writeDoctor
	if output == "json" {
		write = writeDoctorJSON
	}
	return errors.Join(write(s.out, probes.SystemFacts(), source), source.Close())
}

// doctorSchema names the form of what doctor -o json prints.
const doctorSchema = "sedabench-doctor/1"

// writeDoctorJSON writes what writeDoctor does, for programs.
func writeDoctorJSON(w io.Writer, f probes.Facts, source probes.Source) error {
	type metric struct {
		Name   string `json:"name"`
		Origin string `json:"origin"` // none: Reason says why, and Remedy what to do about it
		Reason string `json:"reason,omitempty"`
		Remedy string `json:"remedy,omitempty"`
	}
	out := struct {
		Schema   string   `json:"schema"`
		Kernel   string   `json:"kernel"`
		BTF      bool     `json:"btf"`
		Lockdown string   `json:"lockdown"`
		Paranoid int      `json:"perf_event_paranoid"`
		PMU      bool     `json:"hardware_counters"`
		Metrics  []metric `json:"metrics"`
		Failures []string `json:"failures"`
	}{
		Schema: doctorSchema, Kernel: fmt.Sprintf("%d.%d", f.Major, f.Minor), BTF: f.BTF, Lockdown: f.Lockdown, Paranoid: f.Paranoid, PMU: f.PMU,
		Failures: []string{},
	}
	for m, e := range probes.ReportOf(source) {
		row := metric{Name: probes.Metric(m).String(), Origin: e.Origin.String()}
		if e.Origin == probes.None {
			row.Reason, row.Remedy = e.Reason.Error(), e.Reason.Remedy()
		}
		out.Metrics = append(out.Metrics, row)
	}
	for _, failure := range probes.Failures(source) {
		out.Failures = append(out.Failures, failure.Error())
	}
	return report.WriteObject(w, out)
}

func writeDoctor(w io.Writer, f probes.Facts, source probes.Source) error {
	if _, err := fmt.Fprintf(w, "kernel %d.%d, BTF %s, lockdown %s, perf_event_paranoid %d, hardware counters %s\n\n%s", f.Major, f.Minor,
		yesNo(f.BTF), f.Lockdown, f.Paranoid, yesNo(f.PMU), probes.ReportOf(source)); err != nil {
		return err
	}
	for _, failure := range probes.Failures(source) {
		if _, err := fmt.Fprintf(w, "\n%v\n", failure); err != nil {
			return err
		}
	}
	return nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
