package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/probes"
)

func TestOriginsInOneLine(t *testing.T) {
	source := probes.Climb(
		probes.Step{
			Offers: probes.MetricsOf(probes.OnCPU, probes.Stages),
			Open:   func(probes.Metrics) (probes.Source, error) { return nil, fmt.Errorf("source: %w", probes.NoCapBPF) },
		},
	)
	text := originsText(source)
	require.NotContains(t, text, "\n")
	require.Contains(t, text, "none (CAP_BPF is missing): on-CPU time, times by stage; none (no source was asked for it): blocked time, ")
}

// What staged says of its stages with --probes, and what it says without.
func TestRunWithProbes(t *testing.T) {
	run := func(source string) (int, string, string) {
		args := append([]string{"--arch", "staged", "--arrival", "closed", "--probes", source}, quick...)
		return sedabench(t, append(args, "--duration", "60ms")...) // something has to be completed, however busy the machine
	}
	code, out, errs := run("proc")
	measuredAll(t, code, errs)
	require.Contains(t, out, "\nprobes   proc: on-CPU time, blocked time, run-queue time, switches; none (")
	require.NotContains(t, out, "What the kernel did", "/proc knows nothing of stages")

	code, out, errs = run("bpf")
	if why := probes.SystemFacts().BPF(); why != probes.Known {
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, why.Error())
		require.Contains(t, errs, why.Remedy())
		t.Skip(why)
	}
	measuredAll(t, code, errs)
	if strings.Contains(out, "1 worker on CPU") { // else it is not pinned, and not watched
		require.Contains(t, out, "What the kernel did to stages, per request:\n")
	}
}

func TestThreadsPerRequest(t *testing.T) {
	run := report.Run{Arch: "staged", Load: report.Load{Arrival: "closed", Clients: pointer(1)}, Stages: []report.Stage{{Name: "a", Service: pointer(1000.)}, {Name: "b", Service: pointer(1.)}}}
	addThreads(&run, engine.Stats{Stages: []engine.StageStats{
		{Name: "a", Completed: 3, Failed: 1, Thread: engine.ThreadStats{Known: true, OnCPU: 4000, Blocked: 400, RunQueue: 80, Preempted: 20}},
		{Name: "b", Completed: 3},
	}})
	require.Equal(t, []*float64{pointer(1000.), pointer(125.), pointer(25.)}, []*float64{run.Stages[0].OnCPU, run.Stages[0].OffCPU, run.Stages[0].RunDelay})
	require.Nil(t, run.Stages[1].OnCPU)
	var b strings.Builder
	require.NoError(t, writeThreads(&b, []report.Run{run, {Arch: "pool"}}))
	require.Contains(t, b.String(), "  1.00us  1.00us    125ns                     25ns     1\n")
	b.Reset()
	run.Stages[0].Service = nil // no request that was traced came by
	require.NoError(t, writeThreads(&b, []report.Run{run}))
	require.Contains(t, b.String(), "        -  1.00us    125ns                     25ns     1\n")
	b.Reset()
	require.NoError(t, writeThreads(&b, []report.Run{{Arch: "pool"}}))
	require.Empty(t, b.String())
}
