package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLine(t *testing.T) {
	for want, f := range map[string]figure{
		"figure a.b 2.000 2.500 ok n=3 ci=1.000..3.000 x / y":        judge("a.b", []float64{1, 2, 3}, 2.5, "x / y"),
		"figure a.b 2.000 1.500 short n=3 ci=1.000..3.000 x / y":     judge("a.b", []float64{1, 2, 3}, 1.5, "x / y"),
		"figure a.b 2.000 - info n=3 ci=1.000..3.000 ns":             judge("a.b", []float64{1, 2, 3}, none, "ns"),
		"figure a.b 0 0 ok n=2 ci=0..0 allocations":                  judge("a.b", []float64{0, 0}, 0, "allocations"),
		"figure a.b - 1.000 skip n=0 ci=-..- gcc is missing":         skipped("a.b", 1, "gcc is missing"),
		"figure a.b 123457 - info n=1 ci=123457..123457 ns":          judge("a.b", []float64{123456.7}, none, "ns"),
		"figure a.b 0.000123 - info n=1 ci=0.000123..0.000123 of it": judge("a.b", []float64{0.000123}, none, "of it"),
	} {
		require.Equal(t, want, f.String())
	}
}

// fake returns a suite of two contenders, of which theirs takes twice as long.
func fake(theirs error) suite {
	calls := 0.0
	return suite{
		id: "test",
		contenders: []contender{
			{name: "ours", unit: "ns", sample: func(context.Context) (float64, error) { calls++; return calls, nil }},
			{name: "theirs", unit: "ns", sample: func(context.Context) (float64, error) { return 2, theirs }},
		},
		rows: []row{
			ratio("test.ratio", "ours", "theirs", 5),
			plain("test.ns", "ours", none, "ns"),
		},
	}
}

func TestRun(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(t.Context(), []suite{fake(nil)}, []string{"-n", "3"}, &out, &errs)
	require.Zero(t, code, errs.String())
	// The first round, in which ours took 1, is thrown away.
	require.Contains(t, out.String(), "figure test.ratio 1.500 5.000 ok n=3 ci=1.000..2.000 ours / theirs\n")
	require.Contains(t, out.String(), "figure test.ns 3.000 - info n=3 ci=2.000..4.000 ns\n")
	require.Contains(t, out.String(), "# test ours: median 3.000, quartiles 2.500 and 3.500 ns; rounds 2.000 3.000 4.000\n")
}

// Who else used the machine is said before and after.
func TestRunTellsLoad(t *testing.T) {
	if _, err := os.Stat("/proc/loadavg"); err != nil {
		t.Skip(err)
	}
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []suite{fake(nil)}, []string{"-n", "3"}, &out, &errs), errs.String())
	require.Regexp(t, `(?s)\n# before: load [\d. ]+\n.*figure test.ratio.*\n# after: load [\d. ]+\n$`, out.String())
}

func TestRunOne(t *testing.T) {
	var out, errs bytes.Buffer
	called := fake(errors.New("must not be measured"))
	require.Zero(t, run(t.Context(), []suite{called}, []string{"test.ns"}, &out, &errs), errs.String())
	require.NotContains(t, out.String(), "test.ratio")
}

func TestRunSkips(t *testing.T) {
	var out, errs bytes.Buffer
	s := fake(fmt.Errorf("compile: %w", unavailable("gcc is missing")))
	require.Zero(t, run(t.Context(), []suite{s}, nil, &out, &errs))
	require.Contains(t, out.String(), "figure test.ratio - 5.000 skip n=0 ci=-..- theirs: compile: gcc is missing\n")
	require.Contains(t, out.String(), "figure test.ns ")
}

func TestRunFails(t *testing.T) {
	var out, errs bytes.Buffer
	s := fake(errors.New("an event was lost"))
	require.Equal(t, 1, run(t.Context(), []suite{s}, nil, &out, &errs))
	require.Contains(t, errs.String(), "test: theirs: an event was lost")
	require.NotContains(t, out.String(), "figure ")
}

// What could not be measured since the user ended it is neither missing nor well.
func TestRunInterrupted(t *testing.T) {
	var out, errs bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	s := fake(nil)
	s.collect = func(context.Context, []string, int) ([]round, map[string]string, error) {
		cancel()
		return nil, map[string]string{"ours": "go list: canceled"}, nil
	}
	require.Equal(t, 1, run(ctx, []suite{s, fake(nil)}, nil, &out, &errs))
	require.Contains(t, errs.String(), "test: context canceled")
	require.NotContains(t, out.String(), "figure ")
}

func TestRunProfiles(t *testing.T) {
	var out, errs bytes.Buffer
	file := filepath.Join(t.TempDir(), "cpu.prof")
	require.Zero(t, run(t.Context(), []suite{fake(nil)}, []string{"-cpuprofile", file}, &out, &errs), errs.String())
	require.Contains(t, out.String(), "figure test.ns ")
	written, err := os.Stat(file)
	require.NoError(t, err)
	require.NotZero(t, written.Size())
	require.Equal(t, 1, run(t.Context(), []suite{fake(nil)}, []string{"-cpuprofile", filepath.Join(file, "in")}, &out, &errs))
	require.Contains(t, errs.String(), "figures: profile: ")
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	require.Equal(t, 2, run(t.Context(), []suite{fake(nil)}, []string{"nothing."}, &out, &errs))
	require.Contains(t, errs.String(), `no figure begins with ["nothing."]`)
	require.Equal(t, 2, run(t.Context(), []suite{fake(nil)}, []string{"-n", "0"}, &out, &errs))
	require.Equal(t, 2, run(t.Context(), []suite{fake(nil)}, []string{"-what"}, &out, &errs))
	require.Zero(t, run(t.Context(), []suite{fake(nil)}, []string{"-list"}, &out, &errs))
	require.Equal(t, "test.ratio 5.000 ours / theirs\ntest.ns - ns\n", out.String())
}

func TestIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range suites() {
		names := map[string]bool{}
		for _, c := range s.contenders {
			require.False(t, names[c.name], "%s: two contenders %s", s.id, c.name)
			names[c.name] = true
		}
		for _, r := range s.rows {
			require.False(t, seen[r.id], "two rows %s", r.id)
			seen[r.id] = true
			for _, name := range slices.Concat(r.of, r.among) {
				require.True(t, names[name], "%s needs %s", r.id, name)
			}
		}
	}
}
