package workload

import "slices"

// arrange brings the stages into an order, and notes what leads to each.
func (b *builder) arrange() error {
	left := make([]int, end+1)
	for e, head := range b.heads {
		if !b.back[e] {
			left[head]++
			b.into[head] = append(b.into[head], e)
		}
	}
	for ready := SetOf(0); ready != 0; {
		stage := ready.First()
		ready = ready.Rest()
		b.order = append(b.order, stage)
		for e, head := range b.heads {
			if b.from[e] != stage || b.back[e] {
				continue
			}
			if left[head]--; left[head] == 0 && head != end {
				ready |= SetOf(head)
			}
		}
	}
	return nil
}

// joins reports whether one request can come to a stage, or the end, over two edges.
func (b *builder) joins(stage int) bool {
	for i, e := range b.into[stage] {
		for _, f := range b.into[stage][:i] {
			if b.together(e, f) {
				return true
			}
		}
	}
	return false
}

// together reports whether one request can take two edges. A choice depends on no other, so that the later one can be taken by whoever comes to the
// stage it begins at.
func (b *builder) together(e, f int) bool {
	if e == f {
		return true
	}
	if b.from[e] == b.from[f] {
		return b.stages[b.from[e]].Shares == nil
	}
	if slices.Index(b.order, b.from[e]) > slices.Index(b.order, b.from[f]) {
		e, f = f, e
	}
	pair := [2]int{e, f}
	if known, ok := b.pairs[pair]; ok {
		return known
	}
	b.pairs[pair] = slices.ContainsFunc(b.into[b.from[f]], func(g int) bool { return b.together(e, g) })
	return b.pairs[pair]
}

// mark says which stages have a request to themselves, which edges need a bit for lack of that, and where all requests go the same way.
func (b *builder) mark() {
	origins := make([]Set, len(b.nodes)) // of stages that are not alone: those after which requests have branched
	for _, stage := range b.order {
		var from Set
		for _, e := range b.into[stage] {
			switch tail := b.from[e]; {
			case !b.nodes[tail].alone:
				from |= origins[tail]
			case b.forks(tail):
				from |= SetOf(tail)
			}
		}
		for fork := range b.nodes {
			if from.Has(fork) && b.reachable(fork, SetOf(stage)).Has(end) {
				origins[stage] = from // or some of them, and the end of one branch does not tell of those of another
			}
		}
		b.nodes[stage].alone = origins[stage] == 0
	}
	var joins Set
	for stage := range end + 1 {
		if b.joins(stage) {
			joins |= SetOf(stage)
		}
	}
	for e, head := range b.heads {
		b.edges |= 1 << e
		b.routed = b.routed || b.stages[b.from[e]].Shares != nil
		if !b.nodes[b.from[e]].alone || joins.Has(head) {
			b.counted |= 1 << e
		}
		if joins.Has(head) {
			b.in[head] |= 1 << e
		}
	}
	for stage := range b.nodes {
		n := &b.nodes[stage]
		if n.back != nil {
			b.counted &^= 1 << n.back.edge
		}
		n.plain = b.stages[stage].Shares == nil && n.alone && n.edges&b.counted == 0
		if n.alone && !(n.leaf && n.plain) {
			b.path |= SetOf(stage)
		}
	}
}
