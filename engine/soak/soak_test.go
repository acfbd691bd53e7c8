//go:build linux

package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/leaktest"
)

// TestMain is the process that soaks, too.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	leaktest.Main(m)
}

func TestSoak(t *testing.T) {
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"-for", "1s", "-seed", "3"}, &out, &errs), &errs)
	require.Regexp(t, `(?m)^cycles +[1-9]`, out.String())
	require.Regexp(t, `(?m)^events +[1-9]`, out.String())
	require.Contains(t, errs.String(), "seed 3")
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	require.Equal(t, 2, run([]string{"-for", "0s"}, &out, &errs))
	require.Equal(t, 2, run([]string{"more"}, &out, &errs))
	require.Equal(t, 0, run([]string{"-help"}, &out, &errs))
	require.Empty(t, out.String())
}

// Books that do not balance are noticed, whichever law they break.
func TestBalance(t *testing.T) {
	books := func() engine.Stats {
		return engine.Stats{Stages: []engine.StageStats{
			{
				Name: "a", Entered: 5, Completed: 3, Failed: 1, Depth: 1, Inlets: []engine.InletStats{{Name: "in", Offered: 7, Accepted: 5, Refused: 2}},
				Edges: []engine.EdgeStats{{From: "a", To: "b", Emitted: 3, Entered: 2, Dropped: 1}},
			},
			{Name: "b", Entered: 2, Completed: 1, Expired: 1},
		}}
	}
	require.NoError(t, balance(books(), 1))
	require.Error(t, balance(books(), 0))
	for name, spoil := range map[string]func(a, b *engine.StageStats){
		"offered":   func(a, _ *engine.StageStats) { a.Inlets[0].Offered++ },
		"accepted":  func(a, _ *engine.StageStats) { a.Inlets[0].Accepted++; a.Inlets[0].Refused-- },
		"emitted":   func(a, _ *engine.StageStats) { a.Edges[0].Emitted++ },
		"entered":   func(a, _ *engine.StageStats) { a.Edges[0].Entered++; a.Edges[0].Dropped-- },
		"completed": func(_, b *engine.StageStats) { b.Completed++ },
		"lost":      func(_, b *engine.StageStats) { b.Entered++ },
	} {
		s := books()
		spoil(&s.Stages[0], &s.Stages[1])
		require.Error(t, balance(s, 1), name)
	}
	d := door{stage: "a", inlet: "in"}
	d.accepted.Store(5)
	require.Error(t, d.compare(books()))
	d.refused.Store(2)
	require.NoError(t, d.compare(books()))
}

func TestAudit(t *testing.T) {
	a := auditor{last: map[engine.Sample]float64{}}
	read := func(entered, completed uint64) error {
		return a.audit(engine.Stats{Stages: []engine.StageStats{{Name: "a", Entered: entered, Completed: completed}}})
	}
	require.NoError(t, read(5, 3))
	require.NoError(t, read(6, 6))
	require.ErrorContains(t, read(6, 7), "7 are done")
	require.ErrorContains(t, read(6, 5), "fell")
}

func TestFollows(t *testing.T) {
	g, last := &graph{wrong: &complaint{}}, uint64(0)
	g.follows("a", &last, 1)
	g.follows("a", &last, 2)
	require.NoError(t, g.wrong.err())
	g.follows("a", &last, 4)
	require.ErrorContains(t, g.wrong.err(), "event 4 comes after event 2")
}

func TestGrowths(t *testing.T) {
	cycles := func(leak holding) (list []holding) {
		for i := range 40 {
			list = append(list, holding{
				1, 5 + i%3 + leak.threads*i, 7 + leak.fds*i, 1<<20 + i%5<<16 + leak.heap*i, 1<<24 + i%7<<20 + leak.rss*i,
			})
		}
		return list
	}
	require.NoError(t, growths(cycles(holding{})))
	require.NoError(t, growths(cycles(holding{fds: 1})[:5]), "too few to tell")
	require.ErrorContains(t, growths(cycles(holding{fds: 1})), "descriptors grew from at most 17 to at least 38")
	require.ErrorContains(t, growths(cycles(holding{threads: 1})), "threads grew")
	require.ErrorContains(t, growths(cycles(holding{heap: 100 << 10})), "heap, KiB grew")
	require.ErrorContains(t, growths(cycles(holding{rss: 1 << 20})), "resident, KiB grew")
	require.InDelta(t, 1, quantities[2].slope(cycles(holding{fds: 1})), 1e-9)
}

func TestBound(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	require.NoError(t, bound(all))
	require.Error(t, bound(all.With(all.Max()+1)))
}
