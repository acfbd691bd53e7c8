package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
)

// optionsFor parses arguments on a machine with so many CPUs.
func optionsFor(t *testing.T, cpus int, args string) options {
	t.Helper()
	o, err := parseRun(strings.Fields(args), host{cpus: cpus})
	require.NoError(t, err)
	return o
}

func TestTailsFollowFromTheLoad(t *testing.T) {
	o := optionsFor(t, 3, "--service constant:1ms --clients 100 --stages 2 --duration 200ms --warmup 0s --capacity 1024")
	require.Equal(t, 200*time.Millisecond, o.closedTail(1)) // 100 requests of 2 ms
	require.Equal(t, 100*time.Millisecond, o.closedTail(2))
	for r, want := range map[rate]time.Duration{
		{fraction: 0.5}:    0,
		{fraction: 2}:      200 * time.Millisecond,
		{fraction: 100}:    2048 * 2 * time.Millisecond, // what queues hold
		{perSecond: 400}:   0,
		{perSecond: 1000}:  200 * time.Millisecond,
		{perSecond: 1e6}:   2048 * 2 * time.Millisecond,
		{perSecond: 0.001}: 0,
	} {
		require.InDelta(t, want, o.openTail(1, r), float64(time.Microsecond), r.String())
	}
	require.Equal(t, o.closedTail(2), o.tail(2, report.Load{Clients: pointer(100)}))
	require.Equal(t, o.openTail(2, rate{fraction: 2}), o.tail(2, report.Load{Rate: pointer(5.0), Fraction: pointer(2.0)}))
	require.Equal(t, o.openTail(2, rate{perSecond: 1e6}), o.tail(2, report.Load{Rate: pointer(1e6)}))
}

// Bursts leave more behind than their mean says, and a trace may come all at once.
func TestTailsFollowFromTheArrivals(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "arrivals.txt")
	require.NoError(t, os.WriteFile(trace, []byte("0\n9\n9\n9\n9\n"), 0o600))
	for arrival, want := range map[string]time.Duration{
		"fixed":           0,
		"onoff:50ms,50ms": 10 * time.Millisecond,
		"step:150ms,2":    10 * time.Millisecond,
		"step:150ms,0":    0,
		"trace:" + trace:  120 * time.Millisecond,
	} {
		o := optionsFor(t, 3, "--service constant:1ms --stages 2 --duration 200ms --warmup 0s --workers 1 --arrival "+arrival)
		require.InDelta(t, want, o.openTail(1, rate{fraction: 0.6}), float64(time.Microsecond), arrival)
	}
}

func TestTheEstimateContainsTheTails(t *testing.T) {
	st := testStudy(t, inline, "--arch", "pool,staged", "--workers", "1", "--service", "constant:10ms", "--clients", "20", "--stages", "1",
		"--duration", "100ms", "--warmup", "0s", "--reps", "2", "--rate", "0.5x")
	// Two runs of two architectures: in closed loop with 20 requests of 10 ms at the end, and at half of the capacity.
	require.Equal(t, 4*((100*time.Millisecond+between+200*time.Millisecond)+(100*time.Millisecond+between)), st.length())
	closed := cell{workers: 1, load: report.Load{Clients: pointer(20)}}
	require.Equal(t, patience+slower*200*time.Millisecond, st.patienceFor(closed))
	st.quota = 0.25
	require.Equal(t, patience+slower*800*time.Millisecond, st.patienceFor(closed))
}

func TestLoadsThatTakeTooLongAreRefused(t *testing.T) {
	for args, want := range map[string]string{
		"--service constant:100ms --arrival closed":                        "--service constant:100ms, --clients 256: with 1 worker and 3 stages these requests take 1m17s, want at most 1m0s: at most 200 --clients or shorter service times",
		"--service constant:100ms --arrival closed --clients 200":          "",
		"--service constant:1s --stages 1 --clients 61":                    "--service constant:1s, --clients 61: with 1 worker and 1 stage these requests take 1m1s, want at most 1m0s: at most 60 --clients",
		"--service constant:1s --arrival fixed --rate 1 --duration 1s":     "", // the clients are of no concern
		"--service constant:1s --arrival fixed --rate 100 --duration 1s":   "--service constant:1s, --rate 100: with 1 worker and 3 stages the queues fill with work for 5m11s, want at most 1m0s: a lower rate",
		"--service constant:100us --arrival poisson --rate 1e6":            "",
		"--service constant:1s --arrival closed --clients 8 --workers 1,2": "",
	} {
		_, err := parseRun(strings.Fields(args), host{cpus: 2})
		if want == "" {
			require.NoError(t, err, args)
			continue
		}
		require.ErrorContains(t, err, want)
		var usage usageError
		require.ErrorAs(t, err, &usage)
	}
}

// Under a quota the header warns, so the engine need not, every run again.
func TestUnderAQuotaTheEngineIsQuiet(t *testing.T) {
	for quota, want := range map[float64]bool{0: false, 1.5: true} {
		h := host{root: fstest.MapFS{}, cpus: 2, limits: affinity.Limits{Quota: quota}}
		o := optionsFor(t, 2, "--arch staged --workers 1 --arrival closed --reps 1 --duration 1ms --warmup 0s")
		var errs strings.Builder
		st, err := newStudy(o, h, streams{out: &errs, err: &errs})
		require.NoError(t, err)
		started := false
		st.find = func(name string) (arch.Architecture, error) {
			return arch.Architecture{Name: name, Start: func(c arch.Config) (arch.Service, error) {
				started = true
				require.Equal(t, want, c.Park)
				require.Equal(t, !want, c.Log.Enabled(t.Context(), slog.LevelWarn))
				return inline(c)
			}}, nil
		}
		require.NoError(t, st.measureAll(t.Context()))
		require.True(t, started)
	}
}
