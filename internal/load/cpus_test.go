package load

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// machine has cores with the given CPUs on them, and nothing else shared.
func machine(cores ...affinity.Set) *affinity.Topology {
	t := &affinity.Topology{Nodes: []affinity.Node{{}}, Kinds: []affinity.Kind{{Speed: 1}}}
	for i, core := range cores {
		t.Cores = append(t.Cores, affinity.Group{ID: i, CPUs: core})
		t.Online = t.Online.Or(core)
	}
	for _, id := range t.Online.CPUs() {
		c := affinity.CPU{ID: id, Package: -1, Die: -1, LLC: -1}
		for i, core := range cores {
			if core.Has(id) {
				c.Core = i
				c.Thread = core.Len() - core.AndNot(affinity.Of(id)).Len() - 1
				if id != core.Min() {
					c.Thread = 1
				}
			}
		}
		t.CPUs = append(t.CPUs, c)
	}
	t.Nodes[0].CPUs, t.Kinds[0].CPUs = t.Online, t.Online
	return t
}

func TestChoose(t *testing.T) {
	two := machine(affinity.Of(0), affinity.Of(1))
	smt := machine(affinity.Of(0, 4), affinity.Of(1, 5), affinity.Of(2, 6), affinity.Of(3, 7))
	for _, c := range []struct {
		name      string
		topo      *affinity.Topology
		allowed   affinity.Set
		workers   int
		want      string
		generator int
	}{
		{"one worker on two CPUs", two, affinity.Of(0, 1), 1, "1", 0},
		{"none left", two, affinity.Of(0, 1), 2, "0-1", -1},
		{"one CPU", two, affinity.Of(1), 1, "1", -1},
		{"cores before siblings", smt, smt.Online, 3, "1-3", 0},
		{"the generator's sibling last", smt, smt.Online, 6, "1-3,5-7", 0},
		{"all but the generator's", smt, smt.Online, 7, "1-7", 0},
		{"not all allowed", smt, affinity.Of(2, 3, 6), 2, "3,6", 2},
		{"no topology", nil, affinity.Of(3, 5, 9), 2, "5,9", 3},
	} {
		got := Choose(c.allowed, c.topo, c.workers)
		require.Equal(t, c.want, got.Workers.String(), c.name)
		require.Equal(t, c.generator, got.Generator, c.name)
	}
}
