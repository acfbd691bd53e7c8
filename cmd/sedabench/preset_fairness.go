package main

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
)

var fairClients = []int{1, 4, 16, 64, 256, 1024}

// fairPart is the least index of what each client gets.
const fairPart = 0.95

// askFairness asks what each client of a closed loop gets, and how response times are distributed.
func askFairness(ctx context.Context, a *asking) error {
	fair := a.sheet("Jain's index of what was done for each client, by clients")
	late := a.sheet("99th percentile of the response time, by clients")
	for _, n := range fairClients {
		fair.columns = append(fair.columns, column{name: fmt.Sprint(n), unit: part, bound: bound(fairPart), least: true})
		late.columns = append(late.columns, column{name: fmt.Sprint(n), unit: report.Time})
	}
	most := fairClients[len(fairClients)-1]
	shape := a.sheet(fmt.Sprintf("Response time with %d clients", most),
		column{name: "goodput/s", unit: report.Count}, column{name: "p10", unit: report.Time}, column{name: "p50", unit: report.Time},
		column{name: "p90", unit: report.Time}, column{name: "p99", unit: report.Time}, column{name: "p99.9", unit: report.Time},
		column{name: "max", unit: report.Time}, column{name: "p99/p50", unit: whole})
	for _, s := range []*sheet{fair, late, shape} {
		s.archs, s.ours = true, nil
	}
	fair.ours = judged(a.contenders())
	var entries []entry
	for _, c := range a.contenders() {
		late.row(c.row)
		shape.row(c.row)
		for _, n := range fairClients {
			t := c.crowded(a, n)
			t.Each = true
			name := fmt.Sprint(n)
			entries = append(entries, entry{fair, c.row, t, func(o trial.Outcome) {
				fair.put(c.row, name, jain(floats(o.Clients)))
				late.put(c.row, name, float64(o.Sojourn.ValueAtQuantile(99)))
				if n == most {
					shape.distribution(c.row, o)
				}
			}})
		}
	}
	return a.repeat(ctx, entries)
}

// distribution puts the response times of a run into a row.
func (s *sheet) distribution(row string, o trial.Outcome) {
	s.put(row, "goodput/s", o.PerSecond(o.Done))
	for name, percentile := range map[string]float64{"p10": 10, "p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9, "max": 100} {
		s.put(row, name, float64(o.Sojourn.ValueAtQuantile(percentile)))
	}
	s.put(row, "p99/p50", float64(o.Sojourn.ValueAtQuantile(99))/float64(o.Sojourn.ValueAtQuantile(50)))
}

func floats(counts []int64) []float64 {
	all := make([]float64, len(counts))
	for i, n := range counts {
		all[i] = float64(n)
	}
	return all
}
