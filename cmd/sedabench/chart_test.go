package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

func TestChart(t *testing.T) {
	long := make([]float64, 3*chartWidth)
	for i := range long {
		long[i] = float64(i / (len(long) / 2))
	}
	c := chart{"How it went", []chartLine{
		{"few", "tasks", []float64{0, 1, 2, 4}, report.Count},
		{"many", "tasks", []float64{4000, 8000}, report.Count},
		{"by itself", "delay", []float64{1e6, 1e3}, report.Time},
		{"over time", "", long, report.Count},
		{"nothing", "other", []float64{0, 0}, report.Count},
	}}
	var b strings.Builder
	require.NoError(t, c.write(&b))
	golden(t, "chart.golden", b.String())
	require.ErrorIs(t, c.write(broken{}), errBroken)
}

func TestMeanOverMoments(t *testing.T) {
	moment := func(at int64, threads int) report.Moment {
		return report.Moment{At: at, Stages: []report.StageMoment{{Threads: threads}}}
	}
	all := []report.Moment{moment(10, 4), moment(20, 8), moment(50, 2)}
	for _, c := range []struct {
		from, to int64
		want     float64
	}{{10, 20, 4}, {10, 30, 6}, {20, 50, 8}, {40, 60, 5}, {100, 200, 2}, {0, 20, 2}, {0, 10, 0}} {
		require.InDelta(t, c.want, meanOver(all, c.from, c.to, threadsOf), 1e-9, "%d to %d", c.from, c.to)
	}
}

func TestTakenOverMoments(t *testing.T) {
	moment := func(at int64, done, batches uint64) report.Moment {
		return report.Moment{At: at, Stages: []report.StageMoment{{Done: done, Batches: batches}}}
	}
	all := []report.Moment{moment(10, 10, 5), moment(20, 50, 9), moment(40, 50, 9)}
	for _, c := range []struct {
		from, to int64
		want     float64
	}{{0, 10, 2}, {10, 20, 10}, {20, 40, 0}, {0, 100, 50. / 9}, {15, 19, 0}} {
		require.InDelta(t, c.want, takenOver(all, c.from, c.to), 1e-9, "%d to %d", c.from, c.to)
	}
}

func TestJain(t *testing.T) {
	require.InDelta(t, 1, jain([]float64{3, 3, 3}), 1e-9)
	require.InDelta(t, 0.25, jain([]float64{0, 0, 5, 0}), 1e-9)
	require.InDelta(t, 0.8, jain([]float64{1, 2, 3, 0, 4, 2}), 0.1)
}
