package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

// runsOf makes as many repetitions as there are goodputs.
func runsOf(arch string, workers int, l report.Load, p99 int64, goodput ...float64) []report.Run {
	var runs []report.Run
	for i, g := range goodput {
		runs = append(runs, report.Run{
			Arch: arch, Workers: workers, Rep: i, Load: l, Goodput: g, Valid: true, Duration: 1,
			Sojourn:  report.Sojourn{P50: p99 / 2, P90: p99 * 9 / 10, P99: p99 + int64(i), P999: 2 * p99, Max: 3 * p99},
			Lateness: report.Lateness{P50: 20, P99: 900},
			Events:   report.Events{Offered: 1000, Accepted: 1000, Completed: 1000},
			CPU:      pointer(1e9 / g),
		})
	}
	return runs
}

// around returns n values close to x, half of them below.
func around(x float64, n int) []float64 {
	var values []float64
	for i := range n {
		values = append(values, x*(1+0.001*float64(i-n/2)))
	}
	return values
}

func fixture() report.File {
	closed := report.Load{Arrival: "closed", Clients: pointer(256), MadeBy: report.ByGenerator}
	poisson := report.Load{Arrival: "poisson", Rate: pointer(200e3), Fraction: pointer(0.6), MadeBy: report.ByGenerator}
	high := report.Load{Arrival: "poisson", Rate: pointer(300e3), Fraction: pointer(0.9), MadeBy: report.ByGenerator}
	f := report.File{Schema: report.Schema, Machine: report.Machine{Steal: pointer(0.012), Foreign: pointer(0.25)}}
	add := func(runs []report.Run) { f.Runs = append(f.Runs, runs...) }
	add(runsOf("staged", 1, closed, 900e3, around(318e3, 9)...))
	add(runsOf("eventloop", 1, closed, 850e3, around(331e3, 9)...))
	add(runsOf("pool", 1, closed, 950e3, around(318.4e3, 9)...))
	add(runsOf("goroutine", 1, closed, 950e3, around(281e3, 9)...))
	refusing := runsOf("goroutine", 1, high, 3e6, around(282e3, 9)...)
	for i := range refusing {
		refusing[i].Events = report.Events{Offered: 1000, Accepted: 940, Refused: 60, Completed: 940}
	}
	add(runsOf("staged", 1, high, 80e3, around(300e3, 9)...)) // the higher rate first
	add(refusing)
	none := runsOf("pool", 1, high, 80e3, 299e3)
	none[0].Valid = false
	add(none)
	add(runsOf("staged", 1, poisson, 12e3, around(200e3, 9)...))
	add(runsOf("eventloop", 1, poisson, 9e3, around(200e3, 9)...))
	late := runsOf("pool", 1, poisson, 90e3, around(200e3, 9)...)
	late[1].Valid, late[1].Lateness.P99 = false, 5e6 // leaves enough
	add(late)
	late = runsOf("goroutine", 1, poisson, 90e3, around(200e3, 17)...)
	for i := range 9 {
		late[i].Valid, late[i].Lateness.P99 = false, 5e6 // leaves enough, but less than half
	}
	add(late)
	return f
}

func TestTablesAndVerdict(t *testing.T) {
	var b strings.Builder
	require.NoError(t, writeText(&b, fixture()))
	golden(t, "tables.golden", b.String())
}

func TestVerdictWithoutStagedIsAboutTheBest(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByWorkers}
	runs := append(runsOf("pool", 2, closed, 1000, around(100, 8)...), runsOf("channels", 2, closed, 1000, around(201, 8)...)...)
	runs[15].GeneratorBound = true
	require.Equal(t, []string{
		"Capacity with 2 workers: channels 201/s; worse: pool (0.50x). The load generator was the slower part with channels, whose capacity is higher than shown.",
	}, verdict(report.Summarize(runs)))
}

func TestVerdictOfTooFewRunsIsNone(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8)}
	runs := append(runsOf("staged", 2, closed, 1000, around(100, 7)...), runsOf("pool", 2, closed, 1000, around(500, 9)...)...)
	require.Equal(t, []string{
		"1 of 2 rows are not compared: a test of differences takes 8 valid runs (--reps), and at least half of all runs valid.",
	}, verdict(report.Summarize(runs)))
}

// A difference that a single test would call one is none among many.
func TestVerdictCorrectsForTheNumberOfPairs(t *testing.T) {
	sample := func(arch string, shift float64, workers int) []report.Run {
		closed := report.Load{Arrival: "closed", Clients: pointer(8)}
		runs := runsOf(arch, workers, closed, 1000, 100, 110, 120, 130, 140, 150, 160, 170)
		for i := range runs {
			runs[i].Goodput += shift
		}
		return runs
	}
	two := append(sample("staged", 0, 2), sample("pool", 35, 2)...)
	require.Equal(t, []string{"Capacity with 2 workers: staged 135/s; better: pool (1.26x)."}, verdict(report.Summarize(two)))
	var rows []report.Row
	for workers := 2; workers < 12; workers++ {
		rows = append(rows, report.Summarize(append(sample("staged", 0, workers), sample("pool", 35, workers)...))...)
	}
	for _, line := range verdict(rows) {
		require.Contains(t, line, "; no difference shown: pool (1.26x).")
	}
}

func TestVerdictOfOneArchitecture(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8)}
	require.Equal(t, []string{"One worker shows what each way costs, not how it scales."},
		verdict(report.Summarize(runsOf("staged", 1, closed, 1000, around(100, 8)...))))
	require.Empty(t, verdict(nil))
}
