package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
)

func TestTimelineIsPlotted(t *testing.T) {
	run := report.Run{Arch: "staged", Workers: 1, Load: report.Load{Arrival: "closed", Clients: pointer(1)}}
	for i := range uint64(20) {
		run.Timeline = append(run.Timeline, report.Moment{
			At: int64(i) * 1e6, Accepted: 500 * i * i, Refused: 10 * i,
			Stages: []report.StageMoment{{Name: "s0", Cores: 1, Batch: 64 >> (i / 10), Depth: int(i), HeadAge: int64(i) * 2000}},
		})
	}
	for i := range shownDecisions + 2 {
		run.Decisions = append(run.Decisions, report.Decision{At: int64(i) * 1e6, What: "batch of s0: 64 -> 32", Why: "the knee is at 30"})
	}
	var b strings.Builder
	require.NoError(t, writeTimelines(&b, []report.Run{run, {Arch: "pool"}}))
	golden(t, "timeline.golden", b.String())

	b.Reset()
	require.NoError(t, writeDecisions(&b, nil))
	require.Equal(t, "Nothing was decided meanwhile.\n\n", b.String())
	require.ErrorIs(t, writeTimelines(broken{}, []report.Run{run}), errBroken)
	require.ErrorIs(t, writeDecisions(broken{}, nil), errBroken)
}

func TestEveryPolicyIsMeasured(t *testing.T) {
	args := append([]string{
		"--arch", "staged,pool", "--arrival", "closed", "--policy", strings.Join(staged.Policies(), ","), "--timeline", "1ms", "--target", "1ms", "-o", "json",
	}, quick...)
	code, out, errs := sedabench(t, args...)
	measuredAll(t, code, errs)
	var file report.File
	require.NoError(t, json.Unmarshal([]byte(out), &file))
	require.Equal(t, strings.Join(staged.Policies(), ","), file.Config.Policy)
	require.Len(t, file.Runs, len(staged.Policies())+1)
	for i, policy := range staged.Policies() {
		r := file.Runs[i]
		require.Equal(t, "staged/"+policy, r.Arch)
		require.Equal(t, policy, r.Policy)
		require.Equal(t, r.Events.Accepted, r.Events.Completed+r.Events.Expired)
		for _, m := range r.Timeline {
			require.Len(t, m.Stages, 3)
		}
	}
	pool := file.Runs[len(file.Runs)-1]
	require.Equal(t, "pool", pool.Arch)
	require.Empty(t, pool.Policy)
	require.Nil(t, pool.Timeline)
	require.Empty(t, pool.Decisions)
}

func TestOursIsWhatOthersAreComparedWith(t *testing.T) {
	capacity := report.Load{Arrival: "closed", Clients: pointer(1)}
	rows := []report.Row{{Arch: "pool", Load: capacity}, {Arch: "staged/static", Load: capacity}, {Arch: "staged/adaptive", Load: capacity}}
	c := rank(rows)
	require.Equal(t, "staged/static", c.rows[c.base].Arch)
}
