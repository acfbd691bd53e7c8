package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/sched/sim"
)

func TestSimShapes(t *testing.T) {
	for args, want := range map[string]string{
		"diamond":  "--shape: diamond: the simulator knows no stage that waits for several branches; want pipeline, fanout, branch, feedback, keyed",
		"ring":     `--shape: unknown shape "ring", want pipeline, fanout, branch, feedback, keyed`,
		"feedback": "--keys: no stage of a feedback is keyed that way; want --shape keyed",
	} {
		_, err := parseSim([]string{"--shape", args, "--keys", "uniform:3"})
		require.EqualError(t, err, want)
	}
	_, err := parseSim([]string{"--shape", "keyed", "--stages", "40"})
	require.EqualError(t, err, "--stages: 40, want 1 to 32 stages for a keyed")
	o, err := parseSim([]string{"--shape", "keyed"})
	require.NoError(t, err)
	require.Contains(t, o.command, "--keys zipf:0.99,10000")
}

// A feedback comes back as often as was drawn in runs, and a hot key bounds what a keyed stage can do on any number of workers.
func TestSimulatedGraphs(t *testing.T) {
	o, err := parseSim([]string{"--shape", "feedback", "--stages", "3", "--service", "constant:1us", "--workers", "1"})
	require.NoError(t, err)
	y := o.system(0)
	require.NoError(t, y.Validate())
	for i, visits := range sim.Fluid(y, 0).Visits {
		require.InDelta(t, o.made.Visits(o.number(i)), visits, 0.02)
	}
	rate := func(args ...string) float64 {
		o, err := parseSim(append([]string{"--service", "constant:1us", "--stages", "2", "--policy", "serve-all", "--duration", "20ms"}, args...))
		require.NoError(t, err)
		st := simStudy{simOptions: o}
		require.NoError(t, st.simulate(t.Context()))
		return st.loads[0].runs[0].Rate()
	}
	one := rate("--shape", "keyed", "--keys", "uniform:1", "--workers", "8")
	require.Greater(t, rate("--shape", "keyed", "--keys", "uniform:10000", "--workers", "8"), 3*one)

	// The graph of a file has its own names, order and times.
	g, err := workload.Build("web", []workload.Stage{
		{Name: "a", Next: []string{"c", "b"}, Shares: []float64{0.25, 0.75}}, {Name: "b"}, {Name: "c", Next: []string{"b"}},
	})
	require.NoError(t, err)
	p := simOptions{made: g, stages: 3, workers: 2, services: []workload.Service{workload.Constant(1), workload.Constant(2), workload.Constant(3)}}
	stages := p.graph()
	require.Equal(t, []string{"b", "c", "a"}, []string{stages[0].Name, stages[1].Name, stages[2].Name})
	require.Equal(t, []sim.Edge{{To: 1, Ratio: 0.25}, {To: 0, Ratio: 0.75}}, stages[2].Edges)
	require.True(t, stages[2].OneOf)
	require.Equal(t, 3.0, stages[1].Event.Mean)
}
