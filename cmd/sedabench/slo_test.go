package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

func TestObjectives(t *testing.T) {
	s := report.Sojourn{P50: 1, P90: 2, P99: 3, P999: 4}
	for text, want := range map[string]int64{"p50<1ms": 1, "p90<1ms": 2, "p99<1ms": 3, "p999<1ms": 4} {
		o, err := parseObjective(text)
		require.NoError(t, err)
		require.Equal(t, text, o.String())
		require.Equal(t, time.Millisecond, o.below)
		require.Equal(t, want, o.of(s))
	}
}

func TestAnObjectiveIsMetInTheMedian(t *testing.T) {
	o, err := parseObjective("p99<1ms")
	require.NoError(t, err)
	for _, c := range []struct {
		p99, refused []int64 // of each run: in us, below 0 if it does not count; of 10,000
		met, told    bool
	}{
		{[]int64{900}, []int64{0}, true, true},
		{[]int64{1000}, []int64{0}, false, true},
		{[]int64{1, 999, 1e6}, []int64{0, 9, 9000}, true, true},
		{[]int64{1, 1001, 1e6}, []int64{0, 0, 0}, false, true},
		{[]int64{1, 1, 1}, []int64{0, 10, 10}, false, true},
		{[]int64{1, 1, -1, -1}, []int64{0, 0, 0, 0}, true, true},
		{[]int64{1, -1, -1}, []int64{0, 0, 0}, false, false}, // too few to tell
		{[]int64{-1}, []int64{0}, false, false},
	} {
		var runs []report.Run
		for i, us := range c.p99 {
			runs = append(runs, report.Run{
				Valid: us >= 0, Sojourn: report.Sojourn{P99: us * 1000},
				Events: report.Events{Offered: 10_000, Refused: c.refused[i] / 2, Expired: c.refused[i] - c.refused[i]/2},
			})
		}
		met, told := o.met(runs)
		require.Equal(t, c.met, met, c)
		require.Equal(t, c.told, told, c)
	}
}

// A service that keeps the objective up to a part of the capacity is found there.
func TestTheSearchFindsTheRate(t *testing.T) {
	o, err := parseObjective("p50<1ms")
	require.NoError(t, err)
	for _, limit := range []float64{0, 0.3, 0.7, 1, 2} {
		c := candidate{cell: cell{arch: "pool", workers: 1}, missed: searchMost}
		for range searchSteps {
			part := (c.met + c.missed) / 2
			run := report.Run{Valid: true, Sojourn: report.Sojourn{P50: 1}}
			if part > limit {
				run.Sojourn.P50 = int64(time.Second)
			}
			c.learn(o, part, []report.Run{run})
		}
		require.InDelta(t, min(limit, searchMost), c.met, searchMost/(1<<searchSteps)+1e-9)
		require.LessOrEqual(t, c.met, limit)
		f := o.sheet(1000, []*candidate{&c}).findings()
		require.Equal(t, "Highest rate with p50<1ms, and less than 0.1% refused, 1 worker", f[0].Sheet)
		require.Equal(t, "pool", f[0].Of)
		require.InDelta(t, 1000*c.met, f[0].Value, 1e-9)
		require.Equal(t, report.Count(1000*c.met)+"/s", f[0].Text)
	}
	// Where runs do not count it goes on below, and says so, until a rate below is missed for good.
	late := candidate{cell: cell{arch: "pool", workers: 1}, missed: searchMost}
	late.learn(o, 0.5, []report.Run{{}})
	require.Equal(t, []string{"not known from 0.500", "runs left out "}, texts(o.sheet(1000, []*candidate{&late})))
	late.learn(o, 0.25, []report.Run{{Valid: true}})
	require.Equal(t, []string{"rate 250/s", "of the best capacity 0.250", "p50 0ns", "refused 0.0%", "not known from 0.500", "runs left out "}, texts(o.sheet(1000, []*candidate{&late})))
	late.learn(o, 0.375, []report.Run{{Valid: true, Sojourn: report.Sojourn{P50: 1e9}}})
	require.NotContains(t, texts(o.sheet(1000, []*candidate{&late})), "not known from 0.500")
}

func texts(s *sheet) (all []string) {
	for _, f := range s.findings() {
		all = append(all, f.What+" "+f.Text)
	}
	return all
}

// Every architecture is measured at every step, and a rate at which requests are refused is none.
func TestTheSearchOfAStudy(t *testing.T) {
	started := map[string]int{}
	open := false
	st := testStudy(t, func(c arch.Config) (arch.Service, error) {
		s, err := inline(c)
		return service{submit: func(requests []*workload.Request) int {
			if open {
				return s.Submit(requests[:len(requests)/2])
			}
			return s.Submit(requests)
		}}, err
	}, "--arch", "staged,pool", "--policy", "adaptive,static", "--workers", "1", "--reps", "2", "--slo", "p99<1m")
	find := st.find
	st.find = func(name string) (arch.Architecture, error) {
		started[name]++
		return find(name)
	}
	require.Equal(t, 6*(st.runTime(st.closedTail(1))+searchSteps*st.runTime(st.openTail(1, rate{fraction: searchMost}))), st.length())
	require.NoError(t, st.measureAll(t.Context()))
	require.Len(t, st.runs, 6)
	open = true
	require.NoError(t, st.search(t.Context()))
	require.Equal(t, map[string]int{"pool": 2 * (1 + searchSteps), "staged": 4 * (1 + searchSteps)}, started)
	require.Len(t, st.runs, 6)
	require.Equal(t, []string{"staged/adaptive", "staged/static", "pool"}, st.sheets[0].rows)
	for _, f := range st.findings {
		require.Contains(t, []string{"rate", "of the best capacity", "not known from", "runs left out"}, f.What)
		if f.What == "rate" {
			require.Zero(t, f.Value)
		}
	}
	var out strings.Builder
	st.out = &out
	require.NoError(t, st.write())
	require.Contains(t, out.String(), "\n\nHighest rate with p99<1m, and less than 0.1% refused, 1 worker:\n")
	require.Contains(t, st.command, " --slo 'p99<1m' ")
}

func TestWordsForAShell(t *testing.T) {
	for text, want := range map[string]string{
		"exp:1us": "exp:1us", "0.3x,0.6x": "0.3x,0.6x", "p99<1ms": "'p99<1ms'", "trace:my log.txt": "'trace:my log.txt'", "trace:it's": `'trace:it'\''s'`,
	} {
		require.Equal(t, want, shellWord(text))
	}
}
