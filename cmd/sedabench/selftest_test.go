package main

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The simulator keeps to theory whatever the machine does; what is measured on a machine with other things to do may be apart, or not count.
func TestSelftest(t *testing.T) {
	args := []string{"selftest", "--duration", "30ms", "--reps", "1"}
	code, out, errs := sedabench(t, args...)
	require.Equal(t, 10, strings.Count(out, "2%     1  ok\n"), out)
	switch {
	case strings.Contains(out, "apart\n"):
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, errSelftest.Error())
	case strings.Contains(out, "no run counts"):
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, errNoRuns.Error())
	default:
		require.Equal(t, exitOK, code)
	}
	if thisHost().cpus < 2 {
		require.Contains(t, out, "Nothing was measured on this machine: it has one CPU")
		return
	}
	require.Contains(t, out, "\nMeanwhile the hypervisor took ")

	_, out, _ = sedabench(t, append(args, "-o", "json", "--requests", "10000")...)
	var found struct {
		Schema string
		Checks []struct {
			Virtual bool
			Verdict string
			Runs    int
			Found   *float64 `json:"found_ns"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &found))
	require.Equal(t, selftestSchema, found.Schema)
	require.Len(t, found.Checks, 10+len(selftestServices()))
	for _, c := range found.Checks {
		require.Equal(t, c.Runs == 0, c.Found == nil)
	}
}

// A selftest that is ended early prints what it knows by then, and that this is not all.
func TestSelftestThatIsEnded(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	some := &selftest{host: thisHost(), checks: []check{{Of: "M/M/1", Found: 1, Theory: 1, Bound: 0.02, Runs: 1, Virtual: true}}, output: "text", partial: because(context.Canceled)}
	require.ErrorIs(t, some.virtual(ended), context.Canceled)
	var out strings.Builder
	require.NoError(t, some.write(&out))
	require.True(t, strings.HasPrefix(out.String(), "Partial: this is what was measured before the end, which came early: interrupted.\n"), out.String())
	require.Contains(t, out.String(), "M/M/1")
	out.Reset()
	some.output = "json"
	require.NoError(t, some.write(&out))
	require.Contains(t, out.String(), "\"partial\": true,\n  \"partial_reason\": \"interrupted\"")

	out.Reset()
	require.ErrorIs(t, selftestVerb(ended, nil, streams{out: &out, err: io.Discard}), context.Canceled)
	require.NotContains(t, out.String(), "Partial", "of nothing")
}

// Where more came than can be done theory has no number, and nor has JSON.
func TestSelftestBeyondSaturation(t *testing.T) {
	s := &selftest{host: thisHost(), output: "json", checks: []check{{Of: "exp:100us", Found: 1e6, Theory: math.Inf(1), Bound: 0.1, Runs: 1}}}
	var out strings.Builder
	require.NoError(t, s.write(&out))
	require.Contains(t, out.String(), `"found_ns": 1000000,`)
	require.Contains(t, out.String(), `"theory_ns": null,`)
	require.Contains(t, out.String(), `"verdict": "apart"`)
	s.output = "text"
	require.NoError(t, s.write(&out))
}

func TestChecks(t *testing.T) {
	require.Equal(t, "ok", check{Found: 108, Theory: 100, Bound: 0.1, Runs: 3}.verdict())
	require.Equal(t, "apart", check{Found: 88, Theory: 100, Bound: 0.1, Runs: 3}.verdict())
	require.Equal(t, "no run counts", check{Found: 100, Theory: 100, Bound: 0.1}.verdict())
	require.False(t, check{Found: 100, Theory: 100, Bound: 0.1}.ok())
	good, bad, none := check{Found: 1, Theory: 1, Runs: 1}, check{Found: 2, Theory: 1, Runs: 1}, check{}
	require.NoError(t, judge([]check{good}))
	require.Equal(t, errNoRuns, judge([]check{good, none}))
	require.Equal(t, errSelftest, judge([]check{none, bad, good}))
}
