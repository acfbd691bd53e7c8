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

func fixture() report.File {
	closed := report.Load{Arrival: "closed", Clients: pointer(256), MadeBy: report.ByGenerator}
	poisson := report.Load{Arrival: "poisson", Rate: pointer(200e3), Fraction: pointer(0.6), MadeBy: report.ByGenerator}
	high := report.Load{Arrival: "poisson", Rate: pointer(300e3), Fraction: pointer(0.9), MadeBy: report.ByGenerator}
	f := report.File{Schema: report.Schema, Machine: report.Machine{Steal: pointer(0.012), Foreign: pointer(0.25)}}
	add := func(runs []report.Run) { f.Runs = append(f.Runs, runs...) }
	add(runsOf("staged", 1, closed, 900e3, 318e3, 320e3, 317e3))
	add(runsOf("eventloop", 1, closed, 850e3, 330e3, 333e3, 331e3))
	add(runsOf("pool", 1, closed, 950e3, 316e3, 318e3, 322e3))
	add(runsOf("goroutine", 1, closed, 950e3, 280e3, 282e3, 281e3))
	add(runsOf("staged", 1, poisson, 12e3, 199e3, 200e3, 201e3))
	add(runsOf("eventloop", 1, poisson, 9e3, 199e3, 200e3, 201e3))
	add(runsOf("pool", 1, poisson, 90e3, 199e3, 200e3, 201e3))
	late := runsOf("goroutine", 1, poisson, 90e3, 199e3, 200e3, 201e3)
	late[1].Valid, late[1].Lateness.P99 = false, 5e6
	add(late)
	add(runsOf("staged", 1, high, 80e3, 299e3, 300e3, 301e3))
	refusing := runsOf("goroutine", 1, high, 3e6, 282e3, 283e3, 281e3)
	for i := range refusing {
		refusing[i].Events = report.Events{Offered: 1000, Accepted: 940, Refused: 60, Completed: 940}
	}
	add(refusing)
	none := runsOf("pool", 1, high, 80e3, 299e3)
	none[0].Valid = false
	add(none)
	return f
}

func TestTablesAndVerdict(t *testing.T) {
	var b strings.Builder
	require.NoError(t, writeText(&b, fixture()))
	golden(t, "tables.golden", b.String())
}

func TestVerdictWithoutStagedIsAboutTheBest(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByWorkers}
	runs := append(runsOf("pool", 2, closed, 1000, 100, 101, 102), runsOf("channels", 2, closed, 1000, 200, 201, 202)...)
	runs[5].GeneratorBound = true
	require.Equal(t, []string{
		"Capacity with 2 workers: channels 201/s; worse: pool (0.50x). The load generator was the slower part with channels, whose capacity is higher than shown.",
	}, verdict(report.Summarize(runs)))
}

func TestVerdictOfOneArchitecture(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8)}
	require.Equal(t, []string{"One worker shows what each way costs, not how it scales."},
		verdict(report.Summarize(runsOf("staged", 1, closed, 1000, 100, 101, 102))))
	require.Empty(t, verdict(nil))
}
