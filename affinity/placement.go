package affinity

import (
	"cmp"
	"maps"
	"slices"
)

// spot is one CPU to place and what decides about it; smaller comes first.
type spot struct {
	cpu      CPU
	isolated int   // 0 or 1
	sibling  int   // how many CPUs of its core come before it
	domain   int   // number of its last-level cache, or of what stands in for it
	near     []int // what it shares inside the domain, outermost first: node, caches, core
	home     int   // under OneNode, rank of its node
	remote   int   // under Compact, rank of its domain
}

// placement is one call of Place.
type placement struct {
	topo  *Topology
	order Order
	spots []*spot
}

func newPlacement(t *Topology, among Set, order Order) *placement {
	if order&Compact == 0 {
		order |= SiblingsLast
	}
	p := &placement{topo: t, order: order}
	levels := t.dataCaches()
	domains := make(map[[3]int]int)
	for _, c := range t.CPUs {
		if !among.Has(c.ID) {
			continue
		}
		s := &spot{cpu: c, near: []int{c.Node}}
		for _, cacheOf := range levels {
			s.near = append(s.near, cacheOf[c.ID])
		}
		s.near = append(s.near, c.Core)
		key := [3]int{c.LLC}
		if c.LLC < 0 {
			key = [3]int{-1, c.Package, c.Node}
		}
		if _, ok := domains[key]; !ok {
			domains[key] = len(domains)
		}
		s.domain = domains[key]
		if t.Isolated.Has(c.ID) != (order&IsolatedFirst != 0) {
			s.isolated = 1
		}
		p.spots = append(p.spots, s)
	}
	p.rankSiblings()
	p.rankPlaces()
	return p
}

// dataCaches returns, for each level of caches from the highest down, the
// number of the cache that a CPU uses, counted from 1.
func (t *Topology) dataCaches() []map[int]int {
	byLevel := make(map[int]map[int]int)
	for i, cache := range t.Caches {
		if cache.Type == instruction {
			continue
		}
		if byLevel[cache.Level] == nil {
			byLevel[cache.Level] = make(map[int]int)
		}
		for _, id := range cache.CPUs.CPUs() {
			byLevel[cache.Level][id] = i + 1
		}
	}
	var levels []map[int]int
	for _, level := range slices.Backward(slices.Sorted(maps.Keys(byLevel))) {
		levels = append(levels, byLevel[level])
	}
	return levels
}

// rankSiblings counts the threads of each core in the order that isolation
// puts them: of a core with an isolated thread, the other one is the first.
func (p *placement) rankSiblings() {
	used := make(map[int]int)
	for class := range 2 {
		for _, s := range p.spots {
			if s.isolated == class {
				s.sibling = used[s.cpu.Core]
				used[s.cpu.Core]++
			}
		}
	}
}

// rankPlaces ranks nodes and domains by their distance from the best one, which
// has most of the CPUs that are to come first.
func (p *placement) rankPlaces() {
	if len(p.spots) == 0 {
		return
	}
	best := slices.MinFunc(p.spots, p.stratum)
	onNode, inDomain := make(map[int]int), make(map[int]int)
	example := make(map[int]CPU) // a CPU of each domain
	for _, s := range slices.Backward(p.spots) {
		example[s.domain] = s.cpu
		onNode[s.cpu.Node] += 0
		inDomain[s.domain] += 0
		if p.stratum(best, s) == 0 {
			onNode[s.cpu.Node]++
			inDomain[s.domain]++
		}
	}
	nodeRank := rank(onNode, func(best, node int) []int {
		return []int{p.topo.Distance(best, node)}
	})
	domainRank := rank(inDomain, func(best, domain int) []int {
		from, to := example[best], example[domain]
		foreign := 0
		if from.Package != to.Package {
			foreign = 1
		}
		return []int{foreign, p.topo.Distance(from.Node, to.Node)}
	})
	for _, s := range p.spots {
		if p.order&OneNode != 0 {
			s.home = nodeRank[s.cpu.Node]
		}
		if p.order&Compact != 0 {
			s.remote = domainRank[s.domain]
		}
	}
}

// rank numbers the keys of count from 0: first the one with the highest count,
// then the others by their distance from it; ties go to the lower key. The key
// -1, what is unknown, is last.
func rank(count map[int]int, distance func(best, key int) []int) map[int]int {
	unknown := func(key int) int { return min(0, key) * -1 }
	keys := slices.SortedFunc(maps.Keys(count), func(a, b int) int {
		return cmp.Or(cmp.Compare(unknown(a), unknown(b)), cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	best := keys[0]
	slices.SortFunc(keys[1:], func(a, b int) int {
		return cmp.Or(
			cmp.Compare(unknown(a), unknown(b)),
			slices.Compare(distance(best, a), distance(best, b)),
			cmp.Compare(a, b),
		)
	})
	ranks := make(map[int]int, len(keys))
	for i, key := range keys {
		ranks[key] = i
	}
	return ranks
}

// stratum compares what the options ask for, which goes before the base order.
func (p *placement) stratum(a, b *spot) int {
	c := cmp.Or(cmp.Compare(a.isolated, b.isolated), cmp.Compare(a.home, b.home))
	if c == 0 && p.order&SiblingsLast != 0 {
		c = cmp.Compare(a.sibling, b.sibling)
	}
	if c == 0 && p.order&FastFirst != 0 {
		c = cmp.Compare(a.cpu.Kind, b.cpu.Kind)
	}
	return c
}

// compare is the whole of Compact; Spread still deals out each stratum.
func (p *placement) compare(a, b *spot) int {
	return cmp.Or(
		p.stratum(a, b),
		cmp.Compare(a.remote, b.remote),
		cmp.Compare(a.domain, b.domain),
		slices.Compare(a.near, b.near),
		cmp.Compare(a.cpu.ID, b.cpu.ID),
	)
}

// spread takes one CPU of each domain in turn. Inside a domain it takes turns
// between nodes, caches and cores; the domains themselves alternate between
// packages, dies and nodes.
func spread(spots []*spot) []*spot {
	domains := split(spots, func(s *spot) int { return s.domain })
	byFirst := make(map[*spot][]*spot)
	var firsts []*spot
	for _, d := range domains {
		d = deal(d, 0, func(s *spot) []int { return s.near })
		byFirst[d[0]] = d
		firsts = append(firsts, d[0])
	}
	firsts = deal(firsts, 0, func(s *spot) []int { return []int{s.cpu.Package, s.cpu.Die, s.cpu.Node} })
	domains = domains[:0]
	for _, first := range firsts {
		domains = append(domains, byFirst[first])
	}
	return takeTurns(domains)
}

// deal splits the spots by their first key, deals each part out by the keys
// that follow, and takes turns between the parts.
func deal(spots []*spot, level int, keys func(*spot) []int) []*spot {
	if level == len(keys(spots[0])) {
		return spots
	}
	parts := split(spots, func(s *spot) int { return keys(s)[level] })
	for i := range parts {
		parts[i] = deal(parts[i], level+1, keys)
	}
	return takeTurns(parts)
}

// split groups the spots by key, in the order in which keys are first seen.
func split(spots []*spot, key func(*spot) int) [][]*spot {
	var parts [][]*spot
	index := make(map[int]int)
	for _, s := range spots {
		i, ok := index[key(s)]
		if !ok {
			i = len(parts)
			index[key(s)] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], s)
	}
	return parts
}

// takeTurns returns the first of each part, then the second, and so on.
func takeTurns(parts [][]*spot) []*spot {
	var out []*spot
	for turn := 0; ; turn++ {
		before := len(out)
		for _, part := range parts {
			if turn < len(part) {
				out = append(out, part[turn])
			}
		}
		if len(out) == before {
			return out
		}
	}
}
