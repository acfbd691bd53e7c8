package affinity

import (
	"fmt"
	"slices"
)

// partition collects groups of one kind, each CPU being in one group at most.
// Groups are told apart by their CPUs, never by their ids. The zero value is
// empty.
type partition struct {
	groups []Group
	of     map[int]int // CPU to group
}

// add notes a group, as read from the named file, and reports whether it is
// new. It fails when the set meets another one without being equal to it.
func (p *partition) add(set Set, id int, from string) (fresh bool, err error) {
	for _, c := range set.CPUs() {
		g, ok := p.of[c]
		if ok && p.groups[g].CPUs == set {
			return false, nil
		}
		if ok {
			return false, fmt.Errorf("%s: %q contradicts CPU %d, which has %q", from, set, p.groups[g].CPUs.Min(), p.groups[g].CPUs)
		}
	}
	p.groups = append(p.groups, Group{ID: id, CPUs: set})
	p.index(len(p.groups) - 1)
	return true, nil
}

// index notes the CPUs of one group.
func (p *partition) index(g int) {
	if p.of == nil {
		p.of = make(map[int]int)
	}
	for _, c := range p.groups[g].CPUs.CPUs() {
		p.of[c] = g
	}
}

// sorted returns the groups in the order of their lowest CPU. The numbers that
// find returns are indexes into it until the next add.
func (p *partition) sorted() []Group {
	slices.SortFunc(p.groups, func(a, b Group) int { return a.CPUs.Min() - b.CPUs.Min() })
	for g := range p.groups {
		p.index(g)
	}
	return p.groups
}

// find returns the group that cpu is in, or -1.
func (p *partition) find(cpu int) int {
	g, ok := p.of[cpu]
	if !ok {
		return -1
	}
	return g
}
