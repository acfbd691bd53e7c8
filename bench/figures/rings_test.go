package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// collected is a suite whose contenders another program measured.
func collected(err error, rounds []round, missing map[string]string) *ringsSuite {
	s := newRingsSuite("test")
	s.collect = func(_ context.Context, _ []string, n int) ([]round, map[string]string, error) {
		return rounds[:min(n, len(rounds))], missing, err
	}
	return s
}

func TestCollect(t *testing.T) {
	rounds := []round{{"a": 100, "b": 1, "x": 1, "y": 1}, {"a": 3, "b": 1, "x": 2, "y": 8}, {"a": 3, "b": 9, "x": 2, "y": 1}, {"a": 3, "b": 9, "x": 2, "y": 8}}
	s := collected(nil, rounds, map[string]string{"z": "not here"})
	s.add(best("test.best", []string{"a", "b"}, []string{"x", "y", "z"}, 1.5), "ns")
	s.add(ratio("test.z", "a", "z", 1), "ns")
	s.add(best("test.none", []string{"a"}, []string{"z"}, 1), "ns")
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []suite{s.suite}, []string{"-n", "3"}, &out, &errs), errs.String())
	require.Contains(t, out.String(), "figure test.best 1.500 1.500 ok n=3 ci=1.500..1.500 a / x, the best of 2 peers, 1 more not measured\n", "by their medians")
	require.Contains(t, out.String(), "figure test.z - 1.000 skip n=0 ci=-..- z: not here\n")
	require.Contains(t, out.String(), "figure test.none - 1.000 skip n=0 ci=-..- z: not here\n")
	require.Contains(t, out.String(), "# test b: median 9.000, quartiles 5.000 and 9.000 ns; rounds 1.000 9.000 9.000\n")
}

func TestCollectFails(t *testing.T) {
	s := collected(errors.New("an item was lost"), nil, nil)
	s.add(plain("test.a", "a", none, "ns"), "ns")
	var out, errs bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []suite{s.suite}, []string{"-n", "3"}, &out, &errs))
	require.Contains(t, errs.String(), "figures: test: an item was lost")
}

func TestRingsResult(t *testing.T) {
	var r ringsResult
	require.NoError(t, json.Unmarshal([]byte(`{"cells": [
		{"cell": "1p1c.b64.8B.1024", "queues": [
			{"name": "mpmc", "samples": [[1], [2]]},
			{"name": "rte_mpmc", "missing": "no compiler", "samples": [null, null]}]},
		{"cell": "rtt.8B.1024", "queues": [{"name": "slot", "samples": [[1, 2, 3], [4, 5, 6]]}]}]}`), &r))
	rounds, missing, err := r.rounds(2)
	require.NoError(t, err)
	require.Equal(t, []round{
		{"1p1c.b64.8B.1024/mpmc": 1, "rtt.8B.1024/slot p50": 1, "rtt.8B.1024/slot p99": 2},
		{"1p1c.b64.8B.1024/mpmc": 2, "rtt.8B.1024/slot p50": 4, "rtt.8B.1024/slot p99": 5},
	}, rounds)
	require.Equal(t, "no compiler", missing["1p1c.b64.8B.1024/rte_mpmc"])
	require.Empty(t, missing["1p1c.b64.8B.1024/mpmc"])
	r.Cells[0].Queues[0].Missing = "3 items lost"
	_, _, err = r.rounds(2)
	require.EqualError(t, err, "1p1c.b64.8B.1024/mpmc: 3 items lost")
}

// The program itself, on two cells.
func TestCollectRings(t *testing.T) {
	ours := inCell(oneToOne, 64, "8B", "1024", "mpmc")
	rounds, missing, err := collectRings(t.Context(), []string{ours, "rtt.8B.1024/chan p50", "rtt.8B.1024/chan p99"}, 2)
	if why := unavailable(""); errors.As(err, &why) {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Len(t, rounds, 2)
	if missing[ours] != "" {
		t.Skip(missing[ours])
	}
	for _, r := range rounds {
		require.Len(t, r, 3)
		require.Positive(t, r[ours])
	}
}
