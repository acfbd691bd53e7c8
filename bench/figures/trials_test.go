package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

// Rounds that are not valid leave no trace in a figure, and a figure without any is skipped.
func TestExperiments(t *testing.T) {
	nan, n := math.NaN(), 0
	var seeds []uint64
	all := []experiment{
		{gives: []string{"a", "b", "none"}, unit: "ns", run: func(_ context.Context, r round) error {
			require.Contains(t, r, "early")
			seeds = append(seeds, r.seeded(trial.Config{}).Seed)
			n++
			r["a"], r["b"], r["none"] = float64(n), nan, nan
			if r[again("a")] = 1; n == 3 {
				r["a"] = nan
			}
			if n == 4 {
				r["b"] = 7
			}
			return nil
		}},
		{gives: []string{"early"}, early: true, run: func(_ context.Context, r round) error { r["early"] = 2; return nil }},
		{gives: []string{"seldom"}, few: 2, run: func(_ context.Context, r round) error { r["seldom"] = float64(n); return nil }},
		{gives: []string{"unwanted"}, run: func(context.Context, round) error { return errors.New("unwanted") }},
	}
	rows := []row{inverse("x.a", "early", "a", 0.5, "early / a"), plain("x.b", "b", 1, "ns"), plain("x.none", "none", 1, "ns"), plain("y", "unwanted", none, "")}
	rows = append(rows, seldom(plain("x.seldom", "seldom", none, "in two of three rounds"))...)
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []suite{experiments("x", all, rows)}, []string{"-n", "3", "x."}, &out, &errs), errs.String())
	slices.Sort(seeds)
	require.Len(t, slices.Compact(seeds), 4, "arrivals of its own for each round")
	require.Contains(t, out.String(), "figure x.a 0.7500 0.5000 short n=2 ci=0.5000..1.000 early / a\n")
	require.Contains(t, out.String(), "figure x.b - 1.000 skip n=0 ci=-..- 1 of 3 rounds were valid, median 7.000\n")
	require.Contains(t, out.String(), "figure x.none - 1.000 skip n=0 ci=-..- no round was valid\n")
	require.Contains(t, out.String(), "# x a: median 3.000, quartiles 2.500 and 3.500 ns; rounds 2.000 - 4.000; 3 runs thrown away\n")
	require.Contains(t, out.String(), "figure x.seldom ")
	require.Contains(t, out.String(), " info n=2 ")
	require.Equal(t, 1, run(t.Context(), []suite{experiments("x", all, rows)}, []string{"y"}, &out, &errs))
	require.Contains(t, errs.String(), "x: unwanted: unwanted")
}

func TestTheBestHasTheHighestMedian(t *testing.T) {
	rounds := []round{{"a": 1, "b": 2, "c": 9}, {"a": 1, "b": math.NaN(), "c": 0}, {"a": 1, "b": 3, "c": 1}}
	require.Equal(t, "b", bestOf(rounds, []string{"a", "b", "c"}))
	require.Equal(t, "x", bestOf([]round{{"x": math.NaN()}}, []string{"x", "y"}))
	value, what := bestRow("", []string{"a", "b"}, "c", none).pick(rounds)
	require.Equal(t, "b / c, requests/s", what)
	require.InDelta(t, 3.0, value(rounds[2]), 0)
}

// Every run that a suite makes loses nothing, however short; its figures are another matter.
func TestTrialsOfTheSuites(t *testing.T) {
	if _, _, err := twoCPUs(); err != nil {
		t.Skip(err)
	}
	service := workload.Constant(10 * time.Microsecond)
	p, err := onePlace()
	require.NoError(t, err)
	c := trial.Overload(p, service, law(), 20_000)
	c.Warmup, c.Duration = time.Millisecond, 20*time.Millisecond
	r := round{}
	require.NoError(t, overloaded(t.Context(), c, r, []string{"good"}, func(o trial.Outcome) { r["offered"] = float64(o.Window.Offered) }))
	require.True(t, math.IsNaN(r["good"]) && r["offered"] == 0 || r["offered"] > 0, "%v", r)
	c.Rate = math.NaN()
	require.NoError(t, overloaded(t.Context(), c, r, []string{"good"}, func(trial.Outcome) { t.Error("there is no such rate") }))
	require.True(t, math.IsNaN(r["good"]))
	c.Rate, c.Profile = 20_000, load.Profile{{}}
	require.ErrorContains(t, overloaded(t.Context(), c, r, []string{"good"}, nil), "profile: ")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, overloaded(ctx, c, r, []string{"good"}, nil), context.Canceled)
}

func TestRefusals(t *testing.T) {
	for _, limited := range []bool{true, false} {
		ns, err := refusal(t.Context(), limited)
		require.NoError(t, err)
		require.Positive(t, ns)
	}
}

func TestRivalsAreKnown(t *testing.T) {
	require.Subset(t, staged.Policies(), rivals())
}

// The figures of the design have their bounds, and no others do.
func TestBoundsOfControl(t *testing.T) {
	var bounded []string
	for _, s := range []suite{batchSuite(), overloadSuite()} {
		for _, r := range s.rows {
			if !math.IsNaN(r.bound) {
				bounded = append(bounded, strings.TrimPrefix(r.id, "sched."))
			}
		}
	}
	slices.Sort(bounded)
	require.Equal(t, []string{
		"batch.a1c2", "batch.a1c2.found", "batch.a1c2.p99", "batch.a2c1", "batch.a2c1.found", "batch.a2c1.p99", "batch.a50c1.p99",
		"batch.a5c0.5", "batch.a5c0.5.found", "batch.a5c0.5.p99", "batch.change", "batch.change.found",
		"batch.knee32", "batch.knee32.found", "batch.knee32.p99", "batch.seda200", "batch.seda200.found", "batch.seda200.p99",
		"overload.100us.x2", "overload.1ms.x4",
		"overload.spike.100us", "overload.spike.100us.good", "overload.spike.10us", "overload.spike.10us.good", "overload.spike.50us", "overload.spike.50us.good",
	}, bounded)
}
