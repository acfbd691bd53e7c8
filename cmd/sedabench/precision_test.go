package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

func TestParsePrecision(t *testing.T) {
	p, err := parsePrecision("2.5%")
	require.NoError(t, err)
	require.Equal(t, precision{0.025, preciseIn}, p)
	p, err = parsePrecision("50%,90s")
	require.NoError(t, err)
	require.Equal(t, precision{0.5, 90 * time.Second}, p)
	for text, want := range map[string]string{
		"2":       `"2", want a part of the median from 0.1% to 50%`,
		"0.01%":   "want a part",
		"51%":     "want a part",
		"NaN%":    "want a part",
		"2%,":     `"", want a time from 1s to 1h0m0s`,
		"2%,1ms":  `"1ms", want a time`,
		"2%,1m,2": `"1m,2", want a time`,
	} {
		_, err := parsePrecision(text)
		require.ErrorContains(t, err, want, text)
	}
}

// made counts the repetitions that are asked for, of two rows of which one becomes precise at once and the other never, or after so many runs.
func made(t *testing.T, sure int, args ...string) (reps int, st *study) {
	t.Helper()
	st = testStudy(t, inline, args...)
	closed := report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByGenerator}
	rows := make([][]report.Run, 2)
	another := st.repetitions(rows)
	for ; another(reps); reps++ {
		x := 100.0
		if reps >= sure {
			rows[1] = slices.Repeat(runsOf("pool", 1, closed, 100, 100), reps)
		} else {
			x += 30 * float64(1-2*(reps%2))
		}
		rows[0] = append(rows[0], runsOf("staged", 1, closed, 100, 100)...)
		rows[1] = append(rows[1], runsOf("pool", 1, closed, 100, x)...)
	}
	st.runs = slices.Concat(rows...)
	return reps, st
}

func TestRepetitionsEndWhenRowsArePrecise(t *testing.T) {
	const never = 1 << 20
	for _, c := range []struct {
		sure, want int
		args       string
	}{
		{0, 3, "--reps 3"}, // nothing is asked for
		{0, 6, "--reps 3 --precision 2%"},
		{0, 20, "--reps 20 --precision 2%"},
		{9, 10, "--reps 3 --precision 2%"},
		{103, 114, "--reps 3 --precision 2%"}, // it is looked less often then
		{never, 6, "--reps 3 --precision 40%"},
		{never, maxReps, "--reps 3 --precision 2%"},
	} {
		reps, st := made(t, c.sure, strings.Fields(c.args)...)
		require.Equal(t, c.want, reps, c.args)
		var out strings.Builder
		st.out = &out
		require.NoError(t, st.writePrecision())
		switch {
		case st.precision.share == 0:
			require.Empty(t, out.String())
		case c.want == maxReps:
			require.Equal(t, "The interval of the median goodput is not within 2.0% of it in 1 row:\npool, 1 worker, closed loop, 8 clients: 30.0% off\n", out.String())
		default:
			require.Regexp(t, `^The interval of every median goodput is within \d+\.0% of it\.\n$`, out.String())
		}
	}
	st := testStudy(t, inline, "--reps", "3", "--precision", "2%,1m")
	st.runs = runsOf("pool", 1, report.Load{Clients: pointer(8)}, 100, 1, 1, 1)
	another := st.repetitions([][]report.Run{st.runs})
	require.True(t, another(3))
	st.before.at = time.Now().Add(-time.Hour)
	require.True(t, another(2))
	require.False(t, another(4), "the time is over")
	require.Equal(t, []string{"pool, 1 worker, closed loop, 8 clients: 3 of 3 runs count, want 6"}, st.precision.missed(st.runs))
}

// Every architecture is measured as often as the others.
func TestPreciseRepetitionsAreWhole(t *testing.T) {
	st := testStudy(t, inline, "--workers", "1", "--arrival", "closed", "--arch", "pool,staged", "--reps", "1", "--duration", "1ms", "--precision", "50%,10s")
	var errs strings.Builder
	st.progress.w = &errs
	require.NoError(t, st.measureAll(t.Context()))
	rows := report.Groups(st.runs)
	require.Len(t, rows, 2)
	require.GreaterOrEqual(t, len(rows[0]), leastPrecise)
	require.Equal(t, len(rows[0]), len(rows[1]))
	require.Contains(t, errs.String(), "closed loop: repetition 1 of 1 done, at least 0s left")
	require.Contains(t, errs.String(), "closed loop: repetition 6 for --precision done")
}
