package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

var errNoPeak = errors.New("the peak could not be measured: nothing was done in closed loop")

// peak measures what a closed loop can do at most: again if no run counts, and if that does not help it is the best that any of the runs reached.
func (a *asking) peak(ctx context.Context, s *sheet, c trial.Config) (float64, error) {
	const row = "peak, closed loop"
	before := len(a.runs)
	for range peakTries {
		err := a.repeat(ctx, []entry{{s, row, a.timed(c), func(o trial.Outcome) {
			s.put(row, "goodput/s", o.PerSecond(o.Good()))
			s.put(row, "p99", float64(o.Sojourn.ValueAtQuantile(99)))
			s.put(row, "CPU/req", float64(o.CPU)/float64(o.Done))
		}}})
		if err != nil {
			return 0, err
		}
		if peak := s.median(row, "goodput/s"); peak > 0 {
			return peak, nil
		}
	}
	reached := 0.0
	for _, r := range a.runs[before:] {
		reached = max(reached, r.Goodput)
	}
	if reached == 0 {
		return 0, errNoPeak
	}
	s.title += ", of a peak from runs that do not count"
	return reached, nil
}

// peakTries is how often the peak is measured until a run counts.
const peakTries = 3

const (
	goodPart     = 0.95
	spikeSettled = 20 * time.Millisecond
	spikePeriod  = 120 * time.Millisecond
	spikeBase    = 0.7
	spikeHigh    = 1.4
)

// askOverload offers each service several times of what it can do at most, and at last four times of it in three classes.
func askOverload(ctx context.Context, a *asking) error {
	services := []workload.Service{workload.Constant(100 * time.Microsecond), workload.Constant(time.Millisecond)}
	if a.given["service"] {
		services = []workload.Service{a.service}
	}
	for _, service := range services {
		if err := a.askService(ctx, service); err != nil {
			return err
		}
	}
	return nil
}

func (a *asking) askService(ctx context.Context, service workload.Service) error {
	deadline := trial.Deadline(service)
	s := a.sheet(fmt.Sprintf("Overload, service %s, deadline %s", service, deadline),
		column{name: "goodput/s", unit: report.Count},
		column{name: "of the peak", unit: part, bound: bound(goodPart), least: true},
		column{name: "refused", unit: report.Share},
		column{name: "expired", unit: report.Share},
		column{name: "p99", unit: report.Time, bound: bound(float64(deadline))},
		column{name: "CPU/req", unit: report.Time})
	s.ours = nil
	peak, err := a.peak(ctx, s, trial.Peak(a.place, service))
	if err != nil {
		return err
	}
	classes := a.sheet(fmt.Sprintf("Three classes at 4x, service %s: goodput within the deadline, of what each class asks for", service),
		column{name: "high (0.5x)", unit: part, bound: bound(goodPart), least: true},
		column{name: "middle (1x)", unit: part}, column{name: "low (2.5x)", unit: part},
		column{name: "all, of the peak", unit: part}, column{name: "p99 of high", unit: report.Time})
	var entries []entry
	for _, r := range a.rates {
		for _, policy := range a.policies {
			row := fmt.Sprintf("%gx %s", r.fraction, policy)
			if policy == classes.ours[0] && r.fraction > 1 {
				s.ours = append(s.ours, row)
			}
			entries = append(entries, a.offered(s, row, a.timed(trial.Overload(a.place, service, policy, r.fraction*peak)), peak))
		}
	}
	for _, policy := range a.policies {
		entries = append(entries, a.classed(classes, policy, a.timed(trial.Overload(a.place, service, policy, 4*peak).Classes()), peak))
	}
	return a.repeat(ctx, entries)
}

func (a *asking) offered(s *sheet, row string, c trial.Config, peak float64) entry {
	return entry{s, row, c, func(o trial.Outcome) {
		k := o.Kinds[0]
		s.put(row, "goodput/s", o.PerSecond(k.Good))
		s.put(row, "of the peak", o.PerSecond(k.Good)/peak)
		s.put(row, "refused", float64(k.Refused)/float64(k.Offered))
		s.put(row, "expired", float64(k.Expired)/float64(k.Offered))
		s.put(row, "CPU/req", float64(o.CPU)/float64(max(o.Done, 1)))
		if k.Done > 0 {
			s.put(row, "p99", float64(k.Sojourn.ValueAtQuantile(99)))
		}
	}}
}

func (a *asking) classed(s *sheet, policy string, c trial.Config, peak float64) entry {
	return entry{s, policy, c, func(o trial.Outcome) {
		for i, name := range []string{"low (2.5x)", "middle (1x)", "high (0.5x)"} {
			s.put(policy, name, float64(o.Kinds[i].Good)/float64(max(o.Kinds[i].Offered, 1)))
		}
		s.put(policy, "all, of the peak", o.PerSecond(o.Good())/peak)
		s.put(policy, "p99 of high", float64(o.Kinds[2].Sojourn.ValueAtQuantile(99)))
	}}
}

// askSpike offers 0.7 and 1.4 times the peak in turns, and watches the delay at the head of the queue.
func askSpike(ctx context.Context, a *asking) error {
	deadline := trial.Deadline(a.service)
	s := a.sheet(fmt.Sprintf("Spikes of %gx for %s, service %s, target %s", spikeHigh, spikePeriod/2, a.service, deadline),
		column{name: "goodput/s", unit: report.Count},
		column{name: "under target after", unit: report.Time, bound: bound(float64(spikeSettled))},
		column{name: "first under", unit: report.Time},
		column{name: "never", unit: whole}, column{name: "spikes", unit: whole},
		column{name: "of the peak in spikes", unit: part, bound: bound(goodPart), least: true},
		column{name: "p99", unit: report.Time}, column{name: "CPU/req", unit: report.Time})
	peak, err := a.peak(ctx, s, trial.Peak(a.place, a.service))
	if err != nil {
		return err
	}
	var entries []entry
	for _, policy := range a.policies {
		c := a.timed(trial.Spike(a.place, a.service, policy, peak, spikeBase, spikeHigh, spikePeriod))
		entries = append(entries, entry{s, policy, c, func(o trial.Outcome) {
			s.put(policy, "goodput/s", o.PerSecond(o.Good()))
			spikes := trial.Recoveries(o, c)
			if len(spikes) == 0 {
				return // --duration is shorter than one
			}
			settled, first, good, never := trial.Spikes(spikes)
			s.put(policy, "under target after", float64(settled))
			s.put(policy, "first under", float64(first))
			s.put(policy, "never", float64(never))
			s.put(policy, "spikes", float64(len(spikes)))
			s.put(policy, "of the peak in spikes", good/peak)
			s.put(policy, "p99", float64(o.Sojourn.ValueAtQuantile(99)))
		}})
	}
	return a.repeat(ctx, entries)
}
