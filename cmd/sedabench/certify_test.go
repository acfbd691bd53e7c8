package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/trial"
)

func TestFairness(t *testing.T) {
	of := func(good ...int64) (kinds []trial.Counts) {
		for _, g := range good {
			kinds = append(kinds, trial.Counts{Offered: 100, Good: g})
		}
		return kinds
	}
	require.InDelta(t, 1, fairness(of(50, 50, 50, 50)), 1e-12)
	require.InDelta(t, 0.25, fairness(of(50, 0, 0, 0)), 1e-12)
	require.InDelta(t, 0.9, fairness(of(10, 20)), 1e-12)
}

// A spike of 2 ms after a calm of 3 ms, again and again: the delay is over the target until 2 ms after the first spike, and not at all after the second.
func TestAftermaths(t *testing.T) {
	const ms = time.Millisecond
	c := trial.Config{Profile: load.Profile{{For: 3 * ms, Factor: 0.5}, {For: 2 * ms, Factor: 4}}, Deadline: ms, Duration: 15 * ms}
	o := trial.Outcome{Slices: make([]trial.Slice, 16)}
	for i := range o.Slices {
		o.Slices[i] = trial.Slice{Done: 2}
	}
	late := trial.Slice{Done: 2, Delay: int64(5 * ms)}
	o.Slices[4], o.Slices[6] = late, late
	require.Equal(t, []time.Duration{2 * ms, 0}, aftermaths(o, c))
	c.Warmup, c.Duration = 6*ms, 9*ms
	require.Equal(t, []time.Duration{0}, aftermaths(o, c))
	o.Slices = make([]trial.Slice, 16)
	require.Equal(t, []time.Duration{3 * ms}, aftermaths(o, c), "who does nothing has not recovered")
}

// What the runs of a contender add up to.
func TestClauses(t *testing.T) {
	g := &gathered{newSheet("clauses"), newSheet("loads"), newSheet("delays"), newSheet("memory")}
	c := contender{row: "pool"}
	sojourn := hdrhistogram.New(1, int64(time.Second), 3)
	require.NoError(t, sojourn.RecordValue(7000))
	for _, x := range certifyLoads {
		o := trial.Outcome{HeapMost: uint64(1000 * x), Kinds: []trial.Counts{{Offered: 100, Good: 48}, {Offered: 100, Good: 48}}}
		o.Duration, o.Sojourn = time.Second, sojourn
		o.Total, o.Window = load.Counts{Accepted: 5, Completed: 4}, load.Counts{Offered: 200}
		c.loaded(g, x, 100, o)
	}
	for clients, ns := range map[string]float64{"4": 400, "16": 1600, "64": 8000, "256": 25600} {
		g.delays.put("pool", clients, ns)
	}
	g.combine("pool")
	for what, want := range map[string]float64{
		clauseHalf: 0.48, clauseAt2x: 0.96, clauseFlat: 0.96, clauseServed: 7003, clauseFair: 1, clauseMemory: 4, clauseLost: 1, clauseLinear: 1.25,
	} {
		require.InEpsilon(t, want, g.sheet.median("pool", what), 0.001, what)
	}
	require.InEpsilon(t, 0.96, g.loads.median("pool", "0.25x"), 0.001)

	// Of what no run counts, or where nothing was done, nothing is known.
	g.delays.put("staged", "4", 400)
	g.delays.put("staged", "64", 8000)
	g.delays.put("staged", "256", 25600)
	g.combine("staged")
	nothing := trial.Outcome{Kinds: []trial.Counts{{Offered: 100}}}
	nothing.Duration, nothing.Sojourn = time.Second, hdrhistogram.New(1, int64(time.Second), 3)
	contender{row: "staged"}.loaded(g, 4, 100, nothing)
	for _, what := range []string{clauseLinear, clauseServed, clauseFair, clauseMemory} {
		require.True(t, math.IsNaN(g.sheet.median("staged", what)), what)
	}
	require.Zero(t, g.sheet.median("staged", clauseFlat))

	g.sheet.columns = []column{
		{name: clauseFlat, unit: part, bound: bound(0.95), least: true}, {name: clauseMemory, unit: part, bound: bound(1.5)}, {name: clauseRecovers, unit: part, bound: bound(1)},
	}
	require.NoError(t, shortOf(g.sheet), "nobody is judged")
	g.sheet.all = true
	require.NoError(t, shortOf(g.sheet), "and the exit status is not theirs to decide")
	require.Equal(t, []string{"ok", "short"}, []string{g.sheet.findings()[0].Verdict, g.sheet.findings()[1].Verdict}, "all have a verdict")
	require.Equal(t, "at least 0.950", g.sheet.findings()[0].Wanted)
	g.sheet.ours = []string{"pool"}
	require.EqualError(t, shortOf(g.sheet), "certify: not kept: pool: memory at 4x, pool: recovers in")
	require.Equal(t, []string{"staged/a", "staged/b"}, judged([]contender{{row: "pool"}, {row: "staged/a", ours: true}, {row: "staged/b", ours: true}}))
	require.Equal(t, []string{"pool"}, judged([]contender{c}))
}

// Whether a busy machine lets runs count, and what they then say, is not asked.
func TestCertify(t *testing.T) {
	if thisHost().cpus < 2 {
		code, _, errs := sedabench(t, "certify")
		require.Equal(t, exitUsage, code)
		require.Contains(t, errs, "--workers: no CPU is left for the load generator with 1 worker")
		return
	}
	args := strings.Fields("certify --arch staged,pool --service constant:20us --duration 60ms --warmup 20ms --reps 1")
	code, out, errs := sedabench(t, args...)
	require.Contains(t, out, "command  sedabench certify --arch staged,pool --service constant:20us ")
	if strings.Contains(errs, "that shows what it can do at most") {
		require.Equal(t, exitFailed, code)
		return
	}
	require.Contains(t, out, "Goodput within 200µs, of the peak, by offered load:\n")
	require.Contains(t, out, "\nClauses:\n")
	require.Contains(t, out, "A queue of 1024 requests holds work for 20.5ms: ")
	require.NotContains(t, out, "short: pool", "only staged is judged")
	require.Equal(t, code == exitOK, !strings.Contains(errs, "certify: not kept: staged: "))
}

func TestCertifyMistakes(t *testing.T) {
	_, err := parseCertify(nil, host{cpus: 1})
	require.ErrorContains(t, err, "want 2 CPUs or more", "fewer than one worker there are not")
	_, err = parseCertify([]string{"--workers", "2"}, host{cpus: 2})
	require.ErrorContains(t, err, "want more CPUs, or fewer --workers")
	for args, want := range map[string]string{
		"--service constant:1us": "--service constant:1us: four times what it can do is more than one generator can offer; want 10µs or more",
		"--workers 1,2":          "--workers: 1,2, want one number",
		"--rate 2x":              "unknown flag --rate",
		"--capacity 100":         `--capacity: "100", want a power of two`,
	} {
		_, err := parseCertify(strings.Fields(args), host{cpus: 4})
		require.ErrorContains(t, err, want)
		var usage usageError
		require.ErrorAs(t, err, &usage)
	}
	o, err := parseCertify(nil, host{cpus: 4})
	require.NoError(t, err)
	require.Equal(t, []int{3}, o.workers)
	require.Equal(t, time.Millisecond, o.target)
	require.NotEmpty(t, o.certifyNote())
	o.capacity = 8
	require.Empty(t, o.certifyNote())
}
