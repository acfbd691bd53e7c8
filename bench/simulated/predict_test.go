package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched/sim"
)

func TestFit(t *testing.T) {
	a, c := fit([]float64{1, 8, 64}, []float64{130, 340, 2020})
	require.InEpsilon(t, 100, a, 1e-9)
	require.InEpsilon(t, 30, c, 1e-9)
}

// A worker alone takes for a round what its stages cost together.
func TestPredict(t *testing.T) {
	o, err := loop{stages: 3, workers: 1, batch: 16, clients: 64}.predict(costs{batch: 100, event: 50, machine: sim.Costs{Ring: 60}}, 10*time.Millisecond)
	require.NoError(t, err)
	require.InEpsilon(t, 16e9/(3*100+3*16*50+60), o.rate, 0.01)
	require.InEpsilon(t, 64e9/o.rate, o.p50, 0.05)
}

// The engine does what a loop asks for, and counts its rounds, or says that something else had the CPU all the time.
func TestMeasure(t *testing.T) {
	l := loop{stages: 2, workers: 1, batch: 4, turns: 10, clients: 16}
	o, err := l.median(t.Context(), 20*time.Millisecond, 1)
	if err != nil {
		require.ErrorIs(t, err, errDisturbed)
		return
	}
	require.Positive(t, o.rate)
	require.LessOrEqual(t, o.p50, o.p99)
}
