package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

// frontPart is how much of the bottleneck's service time the stage before it takes.
const frontPart = 0.1

// askShedding offers more than a bottleneck can do, and asks how long those take that are served, and how many are not.
func askShedding(ctx context.Context, a *asking) error {
	s := a.sheet(fmt.Sprintf("A bottleneck with service %s, target %s", a.service, a.target),
		column{name: "goodput/s", unit: report.Count},
		column{name: "of the peak", unit: part, bound: bound(goodPart), least: true},
		column{name: "refused", unit: report.Share}, column{name: "expired", unit: report.Share},
		column{name: "served: p50", unit: report.Time}, column{name: "p90", unit: report.Time},
		column{name: "p99", unit: report.Time, bound: bound(float64(a.target))}, column{name: "max", unit: report.Time})
	s.ours = nil
	peak, err := a.peak(ctx, s, a.bottleneck(staged.Static, load.Closed, 0))
	if err != nil {
		return err
	}
	var entries []entry
	for _, r := range a.rates {
		for _, policy := range a.policies {
			row := fmt.Sprintf("%gx %s", r.fraction, policy)
			if policy == staged.DefaultPolicy() {
				s.ours = append(s.ours, row)
			}
			entries = append(entries, a.shed(s, row, a.bottleneck(policy, load.Poisson, r.fraction*peak), peak))
		}
	}
	a.notes = append(a.notes, fmt.Sprintf("Served is whatever was done; goodput is what was done within %s of when it was due. static refuses what queues have no room for.", a.target))
	return a.repeat(ctx, entries)
}

// bottleneck is a pipeline of a stage that takes little and one that takes the service time; its requests have to be done by the target.
func (a *asking) bottleneck(policy string, arrival load.Arrival, perSecond float64) trial.Config {
	graph, err := workload.NewGraph("pipeline", 2)
	if err != nil {
		panic(err)
	}
	c := a.timed(trial.Overload(a.place, a.service, policy, perSecond))
	c.Graph, c.Arrival, c.Clients, c.Deadline = graph, arrival, 4*a.place.Workers, a.target
	c.Kinds[0].Target = a.target
	c.Scale = func(_ time.Duration, stage int) float64 {
		if stage == 0 {
			return frontPart
		}
		return 1
	}
	return c
}

func (a *asking) shed(s *sheet, row string, c trial.Config, peak float64) entry {
	return entry{s, row, c, func(o trial.Outcome) {
		k := o.Kinds[0]
		s.put(row, "goodput/s", o.PerSecond(k.Good))
		s.put(row, "of the peak", o.PerSecond(k.Good)/peak)
		s.put(row, "refused", float64(k.Refused)/float64(k.Offered))
		s.put(row, "expired", float64(k.Expired)/float64(k.Offered))
		if k.Done == 0 {
			return
		}
		for name, percentile := range map[string]float64{"served: p50": 50, "p90": 90, "p99": 99, "max": 100} {
			s.put(row, name, float64(k.Sojourn.ValueAtQuantile(percentile)))
		}
	}}
}
