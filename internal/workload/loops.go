package workload

import "strings"

// turn finds the edges that lead back: those that close a cycle on the way from the first stage.
func (b *builder) turn() error {
	var path []int
	var done, open Set
	var visit func(stage int) error
	visit = func(stage int) error {
		open |= SetOf(stage)
		path = append(path, stage)
		for e, head := range b.heads {
			if b.from[e] != stage || done.Has(head) || head == end {
				continue
			}
			if !open.Has(head) {
				if err := visit(head); err != nil {
					return err
				}
				continue
			}
			if err := b.turnsAt(e, path); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		open &^= SetOf(stage)
		done |= SetOf(stage)
		return nil
	}
	return visit(0)
}

// turnsAt notes that an edge leads back, to a stage on the path.
func (b *builder) turnsAt(e int, path []int) error {
	stage, head := b.from[e], b.heads[e]
	n, s := &b.nodes[stage], b.stages[stage]
	switch {
	case s.Shares == nil:
		return b.bad(stage, "next", "the cycle %s has no end: want shares, of which a part goes on", b.cycle(path, head))
	case n.back != nil:
		return b.bad(stage, "next", "it leads back to %s and to %s; want one of them", b.Name(n.back.head), b.Name(head))
	case len(s.Next) == 1:
		return b.bad(stage, "shares", "all go back to %s; want a part that goes on", b.Name(head))
	case s.Rounds < 1 || s.Rounds > MaxRounds:
		return b.bad(stage, "rounds", "%d, want 1 to %d, the most that a request goes back to %s", s.Rounds, MaxRounds, b.Name(head))
	}
	n.back = &loop{index: b.loops, head: head, edge: e, share: b.share[e], rounds: s.Rounds}
	n.routes = without(n.routes, e)
	b.loops++
	b.back[e] = true
	return nil
}

// without returns routes without the one over an edge, with shares of what is left.
func without(routes []route, edge int) (rest []route) {
	sum := 0.0
	for _, r := range routes {
		if r.edge != edge {
			rest, sum = append(rest, r), sum+r.share
		}
	}
	for i := range rest {
		rest[i].share /= sum
	}
	return rest
}

// cycle writes the cycle that leads from the end of path back to head.
func (b *builder) cycle(path []int, head int) string {
	var names []string
	for i := len(path) - 1; i >= 0; i-- {
		names = append([]string{b.Name(path[i])}, names...)
		if path[i] == head {
			break
		}
	}
	return strings.Join(append(names, b.Name(head)), " -> ")
}

// close finds out which stages go round, and checks that they can: one at a time, and only in one circle.
func (b *builder) close() error {
	var turning Set
	for stage := range b.nodes {
		n := &b.nodes[stage]
		if n.back == nil {
			if b.stages[stage].Rounds != 0 {
				return b.bad(stage, "rounds", "it leads back to no stage; want none")
			}
			continue
		}
		l := n.back
		if b.reachable(0, SetOf(l.head)).Has(stage) {
			return b.bad(stage, "next", "it leads back to %s, which not all requests have passed by then", b.Name(l.head))
		}
		for i := range b.nodes {
			if b.reachable(l.head, 0).Has(i) && b.reachable(i, 0).Has(stage) {
				l.stages |= SetOf(i)
			}
		}
		for i := range b.nodes {
			if !l.stages.Has(i) {
				continue
			}
			switch {
			case turning.Has(i):
				return b.bad(stage, "next", "%s is in another loop already; want loops that share no stage", b.Name(i))
			case b.forks(i):
				return b.bad(i, "next", "it branches inside the loop %s -> %s; want shares", b.Name(stage), b.Name(l.head))
			case b.joins(i):
				return b.bad(i, "name", "it is a join inside the loop %s -> %s; want it outside", b.Name(stage), b.Name(l.head))
			}
			if i != stage {
				l.edges |= b.nodes[i].edges
			}
		}
		turning |= l.stages
	}
	return nil
}

// forks reports whether several stages follow a stage at once.
func (b *builder) forks(stage int) bool {
	return b.stages[stage].Shares == nil && b.nodes[stage].next.Len() > 1
}
