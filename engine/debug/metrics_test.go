package debug_test

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

var (
	metricHelp  = regexp.MustCompile(`^# HELP (seda(?:_[a-z]+)+) [A-Z].*\.$`)
	metricType  = regexp.MustCompile(`^# TYPE (seda(?:_[a-z]+)+) (counter|gauge)$`)
	metricValue = regexp.MustCompile(`^(seda(?:_[a-z]+)+)\{((?:[a-z]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)+)\} (\S+)$`)
)

// metrics reads the format strictly: each metric in one group with its help and type before it, no line twice.
func metrics(t *testing.T, text string) map[string]float64 {
	t.Helper()
	require.True(t, strings.HasSuffix(text, "\n"))
	values, groups, name, kind := map[string]float64{}, map[string]bool{}, "", ""
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if m := metricHelp.FindStringSubmatch(line); m != nil {
			name = m[1]
			require.False(t, groups[name], "%s has two groups", name)
			groups[name] = true
			require.Less(t, i+2, len(lines))
			of := metricType.FindStringSubmatch(lines[i+1])
			require.NotNil(t, of, lines[i+1])
			require.Equal(t, name, of[1])
			kind = of[2]
			require.Equal(t, kind == "counter", strings.HasSuffix(name, "_total"), name)
			continue
		}
		if metricType.MatchString(line) {
			continue
		}
		m := metricValue.FindStringSubmatch(line)
		require.NotNil(t, m, "%q", line)
		require.Equal(t, name, m[1])
		v, err := strconv.ParseFloat(m[3], 64)
		require.NoError(t, err)
		series := name + "{" + m[2] + "}"
		_, twice := values[series]
		require.False(t, twice, series)
		values[series] = v
	}
	return values
}

func TestMetrics(t *testing.T) {
	e, in := graph(t, odd...)
	require.Contains(t, metrics(t, get(t, e, "/metrics")), `seda_engine_uptime_seconds{engine="shop \"a\" <b>"}`)
	run(t, e, in)
	require.NoError(t, e.Drain(t.Context()))
	text := get(t, e, "/metrics")
	values := metrics(t, text)
	require.Len(t, values, len(e.Stats().Samples()))
	names := map[string]bool{}
	for labels := range values {
		name, _, _ := strings.Cut(labels, "{")
		names[name] = true
	}
	require.Len(t, names, len(engine.Metrics()), "no two become one: %v", slices.Sorted(maps.Keys(names)))
	const shop = `engine="shop \"a\" <b>"`
	for _, want := range []string{
		`seda_engine_cold_wakes_total{` + shop + `}`,
		`seda_control_decisions_changes_total{` + shop + `}`,
		`seda_worker_cpu_id{` + shop + `,worker="1"}`,
		`seda_stage_head_age_seconds{` + shop + `,stage="say \"hi\""}`,
		`seda_stage_batches_total{` + shop + `,stage="back\\slash"}`,
		`seda_stage_blocked_sleeps_total{` + shop + `,stage="two\nlines"}`,
		`seda_stage_blocked_seconds_total{` + shop + `,stage="ends with \\"}`,
		`seda_stage_depth_events{` + shop + `,stage="bad \\xff utf-8"}`,
		`seda_inlet_accepted_events_total{` + shop + `,stage="say \"hi\"",inlet="submit"}`,
		`seda_inlet_rate_limit_hertz{` + shop + `,stage="say \"hi\"",inlet="say \"hi\""}`,
		`seda_edge_entered_events_total{` + shop + `,stage="say \"hi\"",edge="back\\slash"}`,
	} {
		_, there := values[want]
		require.True(t, there, want)
	}
	require.GreaterOrEqual(t, values[`seda_stage_completed_events_total{`+shop+`,stage="say \"hi\""}`], 1.0)
	require.Contains(t, text, "\n# HELP seda_stage_depth_events Events in rings, in workers' hands, in debts and pending for later.\n# TYPE seda_stage_depth_events gauge\n")
}
