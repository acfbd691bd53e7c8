package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

// spoiled has four runs: a valid one, a late one, and two in which nothing was done.
func spoiled(l report.Load) []report.Run {
	runs := runsOf("pool", 1, l, 1000, 100, 100, 100, 100)
	runs[1].Valid, runs[2].Valid, runs[3].Valid = false, false, false
	runs[2].Goodput = 0
	runs[3].Events.Completed = 0
	return runs
}

func TestUncountedRunsAreExplained(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByGenerator}
	runs := spoiled(closed)
	const late, nothing = "in 1 the load generator was too late", "in 2 nothing was done, for which --duration may be too short"
	for _, c := range []struct {
		runs    []report.Run
		machine report.Machine
		want    string
	}{
		{runs, report.Machine{}, "3 of 4 runs do not count and are left out: " + late + ", " + nothing + "."},
		{runs[:2], report.Machine{}, "1 of 2 runs do not count and are left out: " + late + "."},
		{runs[2:], report.Machine{Foreign: pointer(0.04), Steal: pointer(0.05)}, "2 of 2 runs do not count and are left out: " + nothing + "."},
		{runs[:2], report.Machine{Foreign: pointer(0.06)}, "1 of 2 runs do not count and are left out: " + late + ". Other processes took CPUs away."},
		{runs[:2], report.Machine{Steal: pointer(0.2)}, "1 of 2 runs do not count and are left out: " + late + ". The hypervisor took CPUs away."},
		{runs[:2], report.Machine{Foreign: pointer(0.2), Steal: pointer(0.2)}, "1 of 2 runs do not count and are left out: " + late + ". Other processes and the hypervisor took CPUs away."},
		{runs[:2], report.Machine{Foreign: pointer(0.2), Quota: 1.5}, "1 of 2 runs do not count and are left out: " + late + ". The CPU quota of 1.5 CPUs stops threads that spin."},
	} {
		require.Equal(t, []string{c.want}, uncounted(report.File{Machine: c.machine, Runs: c.runs}, leftOut))
	}
	require.Empty(t, uncounted(report.File{Runs: runs[:1]}, leftOut))
	require.NotContains(t, uncounted(report.File{Runs: runs[2:]}, leftOut)[0], "generator")
}

// Rows whose repetitions are far apart are told, whoever reads the results.
func TestScatteredRowsAreTold(t *testing.T) {
	closed := report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByGenerator}
	wide, wider := runsOf("pool", 2, closed, 100, 94, 106, 88, 112), runsOf("staged", 1, closed, 100, 80, 120, 60, 140)
	narrow, few := runsOf("thread", 1, closed, 100, 95, 105, 95, 105), runsOf("channels", 1, closed, 100, 1, 200)
	runs := slices.Concat(wide, wider, narrow, few)
	const want = "Warning: in 2 of 3 rows repetitions differ by more than 10.0%, quartile from quartile, and most, by 50.0%, in staged, 1 worker, closed loop, 8 clients. "
	require.Equal(t, []string{want + "Something disturbs them, or they are too short."}, scattered(report.File{Runs: runs}))
	require.Empty(t, scattered(report.File{Runs: slices.Concat(narrow, few)}))
	for _, output := range []string{"text", "bench", "json"} {
		st := testStudy(t, inline, "-o", output)
		var out, errs strings.Builder
		st.out, st.errs, st.runs = &out, &errs, runs
		require.NoError(t, st.write())
		require.Equal(t, output == "text", strings.Contains(out.String(), want))
		require.Equal(t, output != "text", strings.Contains(errs.String(), want))
	}
}

func TestUncountedRunsAreNotedOnStandardError(t *testing.T) {
	for output, want := range map[string]string{
		"bench": "3 of 4 runs do not count and are left out: in 1 ",
		"json":  `3 of 4 runs do not count and have "valid": false: in 1 `,
		"text":  "",
	} {
		st := testStudy(t, inline, "-o", output)
		var out, errs strings.Builder
		st.out, st.errs = &out, &errs
		st.runs = spoiled(report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByGenerator})
		require.NoError(t, st.write())
		switch output {
		case "bench":
			require.Equal(t, 1, strings.Count(out.String(), "BenchmarkRun"))
		case "json":
			var f report.File
			require.NoError(t, json.Unmarshal([]byte(out.String()), &f))
			require.Len(t, f.Runs, 4)
			require.False(t, f.Runs[1].Valid)
		case "text":
			require.Contains(t, out.String(), "3 of 4 runs do not count and are left out: in 1 ")
			require.Empty(t, errs.String())
			continue
		}
		require.Equal(t, 1, strings.Count(errs.String(), "\n"))
		require.True(t, strings.HasPrefix(errs.String(), want), errs.String())
	}
}
