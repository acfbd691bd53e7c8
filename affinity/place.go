package affinity

import (
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/invariant"
)

// Order says in which order Place fills CPUs: a base, Spread or Compact, and
// any of the options, joined by |. The zero value is Spread.
type Order uint8

const (
	// Spread takes one CPU of each last-level cache in turn, alternating
	// between packages and nodes too, and uses a core's second thread only when
	// no core is left: most cache and memory bandwidth for each.
	Spread Order = 0
	// Compact fills one last-level cache, core by core, and then the nearest
	// one: the shortest ways between CPUs.
	Compact Order = 1 << 0
	// SiblingsLast takes one thread of every core before the second of any. It
	// is part of Spread.
	SiblingsLast Order = 1 << 1
	// OneNode takes all CPUs of one NUMA node, the one with most to offer,
	// before those of the next nearest. It comes before SiblingsLast: a
	// sibling at home rather than a core far away.
	OneNode Order = 1 << 2
	// FastFirst takes faster kinds of core before slower ones. It comes after
	// SiblingsLast: a slow core rather than half of a fast one.
	FastFirst Order = 1 << 3
	// IsolatedFirst takes isolated CPUs before all others, for a service they
	// were set apart for; otherwise they come last. To leave them out, take
	// Topology.Isolated from the set.
	IsolatedFirst Order = 1 << 4
)

// String names the base and the options, such as "compact,one-node".
func (o Order) String() string {
	names := []string{"spread"}
	if o&Compact != 0 {
		names[0] = "compact"
	}
	for i, name := range []string{"siblings-last", "one-node", "fast-first", "isolated-first"} {
		if o&(SiblingsLast<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// Place returns the CPUs of among, each once, in the order to fill them. The
// same arguments give the same answer. CPUs of unknown caches count as sharing
// one per node and package; CPUs that t does not know, because they are offline
// or hidden from this process, come last. It takes about a microsecond per CPU.
func (t *Topology) Place(among Set, order Order) []int {
	p := newPlacement(t, among, order)
	slices.SortFunc(p.spots, p.compare)
	ids := make([]int, 0, len(p.spots))
	for rest := p.spots; len(rest) > 0; {
		n := 1 // length of the stratum, CPUs that the options do not tell apart
		for n < len(rest) && p.stratum(rest[0], rest[n]) == 0 {
			n++
		}
		next := rest[:n]
		if order&Compact == 0 {
			next = spread(next)
		}
		for _, s := range next {
			ids = append(ids, s.cpu.ID)
		}
		rest = rest[n:]
	}
	ids = append(ids, among.AndNot(t.Online).CPUs()...)
	if invariant.Enabled {
		invariant.Check(len(ids) == among.Len() && Of(ids...) == among, "place %s: not a permutation: %v", among, ids)
	}
	return ids
}
