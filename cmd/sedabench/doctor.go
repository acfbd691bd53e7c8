package main

import (
	"context"
	"fmt"
	"io"

	"github.com/seda-go/seda/probes"
)

func doctorHelp() string {
	return "usage: sedabench doctor\n\nPrints what can be known of threads here: each metric, where it comes from, and what to do about those that are missing.\n"
}

func doctorVerb(_ context.Context, args []string, s streams) (err error) {
	if err := newFlags("doctor").parse(args); err != nil {
		return err
	}
	source, err := openProbes(probesAuto, "", func(error) {})
	if err != nil {
		return err
	}
	if err := writeDoctor(s.out, probes.SystemFacts(), source); err != nil {
		return err
	}
	return source.Close()
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
