package affinity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// describe writes a topology as a few lines, for comparison.
func describe(t *affinity.Topology) string {
	var out strings.Builder
	line := func(name string, parts ...string) {
		if text := strings.Join(parts, " "); text != "" {
			fmt.Fprintf(&out, "%s %s\n", name, text)
		}
	}
	groups := func(groups []affinity.Group) (parts []string) {
		for _, g := range groups {
			parts = append(parts, fmt.Sprintf("%d:%s", g.ID, g.CPUs))
		}
		return parts
	}
	line("online", t.Online.String())
	line("offline", t.Offline.String())
	line("isolated", t.Isolated.String())
	line("nohz", t.NoHZFull.String())
	line("packages", groups(t.Packages)...)
	if !slices.Equal(t.Dies, t.Packages) {
		line("dies", groups(t.Dies)...)
	}
	line("cores", groups(t.Cores)...)
	var parts []string
	for _, c := range t.LLCs {
		parts = append(parts, fmt.Sprintf("L%d/%dK:%s", c.Level, c.Size>>10, c.CPUs))
	}
	line("llcs", parts...)
	parts = nil
	for _, n := range t.Nodes {
		parts = append(parts, fmt.Sprintf("%d:%s%v", n.ID, n.CPUs, n.Distance))
	}
	line("nodes", parts...)
	parts = nil
	for _, k := range t.Kinds {
		parts = append(parts, fmt.Sprintf("%.2f:%s", k.Speed, k.CPUs))
	}
	if len(t.Kinds) > 1 {
		line("kinds", parts...)
	}
	return out.String()
}

// requireSound checks what holds for every topology: groups and the indexes of
// the CPUs into them say the same, and groups of a kind do not overlap.
func requireSound(t *testing.T, topo *affinity.Topology) {
	t.Helper()
	var ids []int
	for _, c := range topo.CPUs {
		ids = append(ids, c.ID)
	}
	require.Equal(t, topo.Online.CPUs(), ids)
	require.True(t, topo.Online.Contains(topo.Isolated.Or(topo.NoHZFull)))
	require.True(t, topo.Online.And(topo.Offline).Empty())
	partition := func(name string, sets []affinity.Set, whole, ordered bool, index func(affinity.CPU) int) {
		var seen affinity.Set
		last := -1
		for i, s := range sets {
			require.True(t, seen.And(s).Empty(), "%s overlap", name)
			require.False(t, ordered && s.Min() <= last, "%s not in order", name)
			seen, last = seen.Or(s), s.Min()
			for _, c := range topo.CPUs {
				require.Equal(t, s.Has(c.ID), index(c) == i, "%s %d, CPU %d", name, i, c.ID)
			}
		}
		require.True(t, topo.Online.Contains(seen), name)
		require.True(t, !whole || seen == topo.Online, "%s do not cover the online CPUs", name)
	}
	partition("packages", groupSets(topo.Packages), false, true, func(c affinity.CPU) int { return c.Package })
	partition("dies", groupSets(topo.Dies), false, true, func(c affinity.CPU) int { return c.Die })
	partition("cores", groupSets(topo.Cores), true, true, func(c affinity.CPU) int { return c.Core })
	var llcs, nodes, kinds []affinity.Set
	for _, c := range topo.LLCs {
		llcs = append(llcs, c.CPUs)
	}
	for _, n := range topo.Nodes {
		nodes = append(nodes, n.CPUs)
		require.True(t, n.Distance == nil || len(n.Distance) == len(topo.Nodes), "distances of node %d", n.ID)
	}
	for _, k := range topo.Kinds {
		kinds = append(kinds, k.CPUs)
	}
	partition("LLCs", llcs, false, true, func(c affinity.CPU) int { return c.LLC })
	partition("nodes", nodes, false, false, func(c affinity.CPU) int { return c.Node })
	partition("kinds", kinds, true, false, func(c affinity.CPU) int { return c.Kind })
	for _, c := range topo.CPUs {
		siblings := topo.Siblings(c.ID)
		require.Equal(t, c.ID, siblings.CPUs()[c.Thread])
		require.LessOrEqual(t, siblings.Len(), topo.SMT())
	}
}

func groupSets(groups []affinity.Group) (sets []affinity.Set) {
	for _, g := range groups {
		sets = append(sets, g.CPUs)
	}
	return sets
}
