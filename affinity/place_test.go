package affinity_test

import (
	"cmp"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// allOrders returns every base with every set of options.
func allOrders() (orders []affinity.Order) {
	for o := affinity.Order(0); o <= affinity.Compact|affinity.SiblingsLast|affinity.OneNode|affinity.FastFirst|affinity.IsolatedFirst; o++ {
		orders = append(orders, o)
	}
	return orders
}

func requirePermutation(t *testing.T, among affinity.Set, ids []int) {
	t.Helper()
	require.Len(t, ids, among.Len())
	require.Equal(t, among, affinity.Of(ids...))
}

func TestOrderString(t *testing.T) {
	require.Equal(t, "spread", affinity.Spread.String())
	require.Equal(t, "compact", affinity.Compact.String())
	require.Equal(t, "spread,one-node", (affinity.Spread | affinity.OneNode).String())
	require.Equal(t, "compact,siblings-last,one-node,fast-first,isolated-first",
		(affinity.Compact | affinity.SiblingsLast | affinity.OneNode | affinity.FastFirst | affinity.IsolatedFirst).String())
	seen := map[string]bool{}
	for _, o := range allOrders() {
		require.False(t, seen[o.String()])
		seen[o.String()] = true
	}
	require.Len(t, seen, 32)
}

func TestPlaceMiniatures(t *testing.T) {
	for _, test := range []struct {
		tree  string
		among string
		order affinity.Order
		want  []int
	}{
		// two packages, two nodes across them, a cache per core
		{"core-id-repeats", "0-7", affinity.Spread, []int{0, 4, 2, 6, 1, 5, 3, 7}},
		{"core-id-repeats", "0-7", affinity.Spread | affinity.OneNode, []int{0, 4, 1, 5, 2, 6, 3, 7}},
		{"core-id-repeats", "0-7", affinity.Compact, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"core-id-repeats", "0-7", affinity.Compact | affinity.SiblingsLast, []int{0, 2, 4, 6, 1, 3, 5, 7}},
		{"core-id-repeats", "2-7", affinity.Compact | affinity.OneNode, []int{2, 3, 6, 7, 4, 5}},
		{"core-id-repeats", "1-2,4-7", affinity.Compact, []int{4, 5, 6, 7, 1, 2}},
		{"core-id-repeats", "1,3,5,7", affinity.Spread, []int{1, 5, 3, 7}},
		{"core-id-repeats", "", affinity.Spread, nil},
		// nothing known but the core
		{"unknown-ids", "0-3", affinity.Spread, []int{0, 2, 1, 3}},
		{"unknown-ids", "0-3", affinity.Compact, []int{0, 1, 2, 3}},
		{"nothing-but-cpus", "0-2", affinity.Spread, []int{0, 2, 1}},
		{"nothing-but-cpus", "0-2", affinity.Compact, []int{0, 1, 2}},
		// CPUs that are offline or unknown
		{"stale-lists", "0-9", affinity.Spread, []int{1, 4, 3, 5, 0, 2, 6, 7, 8, 9}},
		{"stale-lists", "0-9", affinity.Spread | affinity.OneNode, []int{4, 5, 1, 3, 0, 2, 6, 7, 8, 9}},
		// isolated CPU 2; node 5 is CPU 3
		{"odd-nodes", "0-3", affinity.Spread, []int{0, 3, 1, 2}},
		{"odd-nodes", "0-3", affinity.Compact, []int{0, 1, 3, 2}},
		{"odd-nodes", "0-3", affinity.Compact | affinity.IsolatedFirst, []int{2, 0, 1, 3}},
		{"odd-nodes", "0-3", affinity.Spread | affinity.OneNode, []int{0, 1, 3, 2}},
		{"wide-masks", "0-4095", affinity.Spread, nil},
		{"wide-masks", "0,2047-2048,4095", affinity.Spread, []int{0, 2047, 2048, 4095}},
		{"wide-masks", "0,2047-2048,4095", affinity.Compact, []int{0, 2048, 2047, 4095}},
		// fast cores 0-1 and 2-3, slow cores 4 and 5 with a cache in common
		{"hybrid-clock", "0-5", affinity.Spread, []int{0, 2, 4, 5, 1, 3}},
		{"hybrid-clock", "0-5", affinity.Spread | affinity.FastFirst, []int{0, 2, 4, 5, 1, 3}},
		{"hybrid-clock", "0-5", affinity.Compact | affinity.FastFirst, []int{0, 1, 2, 3, 4, 5}},
		{"hybrid-clock", "1,3-5", affinity.Compact | affinity.FastFirst, []int{1, 3, 4, 5}},
		// speeds rise with the number, caches 0-3 and 4-7, CPU 7 isolated
		{"hybrid-capacity", "0-7", affinity.Spread, []int{0, 4, 1, 5, 2, 6, 3, 7}},
		{"hybrid-capacity", "0-7", affinity.Spread | affinity.FastFirst, []int{4, 5, 6, 0, 1, 2, 3, 7}},
		{"hybrid-capacity", "0-7", affinity.Spread | affinity.FastFirst | affinity.IsolatedFirst, []int{7, 4, 5, 6, 0, 1, 2, 3}},
		{"hybrid-capacity", "0-7", affinity.Compact | affinity.FastFirst, []int{4, 5, 6, 0, 1, 2, 3, 7}},
		{"hybrid-capacity", "0-7", affinity.Compact, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"hybrid-capacity", "0-1,4-6", affinity.Compact, []int{4, 5, 6, 0, 1}},
	} {
		topo, err := affinity.ReadTopology(miniature(test.tree))
		require.NoError(t, err)
		among, err := affinity.Parse(test.among)
		require.NoError(t, err)
		got := topo.Place(among, test.order)
		requirePermutation(t, among, got)
		if test.want != nil {
			require.Equal(t, test.want, got, "%s %s %s", test.tree, test.among, test.order)
		}
	}
}

// TestPlaceIsolatedSibling: of a core with an isolated thread the other thread
// is the first, not a sibling to avoid.
func TestPlaceIsolatedSibling(t *testing.T) {
	files := memory(t, miniature("core-id-repeats"))
	topo, err := affinity.ReadTopology(with(files, "sys/devices/system/cpu/isolated", "0,4\n"))
	require.NoError(t, err)
	require.Equal(t, []int{1, 5, 2, 6, 3, 7, 0, 4}, topo.Place(topo.Online, affinity.Spread))
	require.Equal(t, []int{0, 4, 2, 6, 1, 5, 3, 7}, topo.Place(topo.Online, affinity.Spread|affinity.IsolatedFirst))
}

func TestPlaceProperties(t *testing.T) {
	trees, err := os.ReadDir("testdata/sys")
	require.NoError(t, err)
	for _, tree := range trees {
		if tree.IsDir() {
			topo, err := affinity.ReadTopology(miniature(tree.Name()))
			require.NoError(t, err)
			requirePlaceProperties(t, topo, 30)
		}
	}
}

// requirePlaceProperties places random subsets in every order.
func requirePlaceProperties(t *testing.T, topo *affinity.Topology, subsets int) {
	rng := random(t)
	for i := range subsets {
		among := topo.Online
		if i > 0 {
			among = subset(rng, topo.Online)
		}
		for _, order := range allOrders() {
			ids := topo.Place(among, order)
			requirePermutation(t, among, ids)
			require.Equal(t, ids, topo.Place(among, order), "deterministic")
			requireStrata(t, topo, order, ids)
			if order&(affinity.Compact|affinity.OneNode|affinity.FastFirst) == 0 {
				requireEven(t, topo, ids)
			}
		}
	}
}

func subset(rng *rand.Rand, of affinity.Set) affinity.Set {
	var some affinity.Set
	share := rng.Float64()
	for _, c := range of.CPUs() {
		if rng.Float64() < share {
			some = some.With(c)
		}
	}
	return some
}

// rank is where the options put a CPU: isolation, then siblings, then kinds.
type rank [3]int

func ranks(topo *affinity.Topology, order affinity.Order, ids []int) []rank {
	used := map[int]int{}
	var out []rank
	for _, id := range ids {
		c, _ := topo.Lookup(id)
		var r rank
		if topo.Isolated.Has(id) != (order&affinity.IsolatedFirst != 0) {
			r[0] = 1
		}
		if order&affinity.SiblingsLast != 0 || order&affinity.Compact == 0 {
			r[1] = used[c.Core]
			used[c.Core]++
		}
		if order&affinity.FastFirst != 0 {
			r[2] = c.Kind
		}
		out = append(out, r)
	}
	return out
}

// requireStrata checks that better CPUs come first, and within each class of
// isolation, under OneNode, that a node is used up before the next.
func requireStrata(t *testing.T, topo *affinity.Topology, order affinity.Order, ids []int) {
	t.Helper()
	all := ranks(topo, order, ids)
	if order&affinity.OneNode == 0 {
		require.True(t, slices.IsSortedFunc(all, func(a, b rank) int { return slices.Compare(a[:], b[:]) }), "%s: %v: %v", order, ids, all)
		return
	}
	left := map[[2]int]bool{} // nodes, by class, that were left
	for i := 1; i < len(ids); i++ {
		a, _ := topo.Lookup(ids[i-1])
		b, _ := topo.Lookup(ids[i])
		require.LessOrEqual(t, all[i-1][0], all[i][0])
		if a.Node != b.Node {
			left[[2]int{all[i-1][0], a.Node}] = true
		}
		require.False(t, left[[2]int{all[i][0], b.Node}], "%s: back to node of CPU %d in %v", order, b.ID, ids)
		if a.Node == b.Node && all[i-1][0] == all[i][0] {
			require.LessOrEqual(t, slices.Compare(all[i-1][1:], all[i][1:]), 0, "%s: %v", order, ids)
		}
	}
}

// requireEven checks, for plain Spread, that at every moment each last-level
// cache has been given as many CPUs of one rank as every other, but for one, or
// has no more of them.
func requireEven(t *testing.T, topo *affinity.Topology, ids []int) {
	t.Helper()
	all := ranks(topo, affinity.Spread, ids)
	type domain struct {
		rank rank
		llc  int
	}
	total, given := map[domain]int{}, map[domain]int{}
	key := func(i int) domain {
		c, _ := topo.Lookup(ids[i])
		return domain{all[i], c.LLC}
	}
	for i := range ids {
		if key(i).llc < 0 {
			return // no caches to be even over
		}
		total[key(i)]++
	}
	for i := range ids {
		given[key(i)]++
		for d, n := range total {
			if d.rank == key(i).rank && given[d] < n {
				require.GreaterOrEqual(t, given[d]+1, given[key(i)], "%v: at CPU %d", ids, ids[i])
			}
		}
	}
}

// TestPlaceCompactFillsCaches: the CPUs of a cache are next to each other.
func TestPlaceCompactFillsCaches(t *testing.T) {
	rng := random(t)
	for range times(200) {
		topo := synthetic(rng)
		topo.Isolated = affinity.Set{}
		ids := topo.Place(topo.Online, affinity.Compact)
		requirePermutation(t, topo.Online, ids)
		llcs := make([]int, len(ids))
		for i, id := range ids {
			c, _ := topo.Lookup(id)
			llcs[i] = c.LLC
		}
		distinct := len(slices.Compact(slices.Sorted(slices.Values(llcs))))
		require.Len(t, slices.Compact(llcs), distinct, "%v", ids)
	}
}

func TestPlaceSynthetic(t *testing.T) {
	rng := random(t)
	for range times(20) {
		topo := synthetic(rng)
		requireSound(t, topo)
		requirePlaceProperties(t, topo, 4)
	}
}

// synthetic makes up a machine with groups of random and unequal sizes.
func synthetic(rng *rand.Rand) *affinity.Topology {
	topo := &affinity.Topology{Kinds: []affinity.Kind{{Speed: 1}, {Speed: 0.5}}}
	id := 0
	add := func(set *affinity.Set) { *set = set.With(id) }
	for p := range 1 + rng.IntN(3) {
		topo.Packages = append(topo.Packages, affinity.Group{ID: p})
		for range 1 + rng.IntN(2) {
			topo.Nodes = append(topo.Nodes, affinity.Node{ID: len(topo.Nodes)})
			for range 1 + rng.IntN(3) {
				topo.LLCs = append(topo.LLCs, affinity.Cache{Level: 3, Type: "Unified", ID: -1})
				for range 1 + rng.IntN(5) {
					topo.Cores = append(topo.Cores, affinity.Group{ID: -1})
					kind := rng.IntN(2)
					for thread := range 1 + rng.IntN(2) {
						id += 1 + rng.IntN(2)
						add(&topo.Online)
						add(&topo.Packages[p].CPUs)
						add(&topo.Nodes[len(topo.Nodes)-1].CPUs)
						add(&topo.LLCs[len(topo.LLCs)-1].CPUs)
						add(&topo.Cores[len(topo.Cores)-1].CPUs)
						add(&topo.Kinds[kind].CPUs)
						if rng.IntN(8) == 0 {
							add(&topo.Isolated)
						}
						topo.CPUs = append(topo.CPUs, affinity.CPU{
							ID: id, Core: len(topo.Cores) - 1, Thread: thread, Package: p, Die: p,
							LLC: len(topo.LLCs) - 1, Node: len(topo.Nodes) - 1, Kind: kind,
						})
					}
				}
			}
		}
	}
	topo.Dies, topo.Caches = topo.Packages, topo.LLCs
	for i := range topo.Nodes {
		for j := range topo.Nodes {
			topo.Nodes[i].Distance = append(topo.Nodes[i].Distance, 10*(1+max(i-j, j-i)))
		}
	}
	slices.SortFunc(topo.CPUs, func(a, b affinity.CPU) int { return cmp.Compare(a.ID, b.ID) })
	return topo
}
