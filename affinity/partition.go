package affinity

import "fmt"

// partition collects groups of one kind, each CPU being in one group at most.
// Groups are told apart by their CPUs, never by their ids. The zero value is
// empty.
type partition struct {
	groups []Group
	of     map[int]int // CPU to group
}

// add says that cpu shares set, as read from the named file, and returns the
// index of the group. It fails when cpu is not in the set or when the set
// meets another one without being equal to it.
func (p *partition) add(cpu int, set Set, id int, from string) (int, error) {
	if !set.Has(cpu) {
		return -1, fmt.Errorf("%s: %q does not name CPU %d itself", from, set, cpu)
	}
	if g, ok := p.of[cpu]; ok {
		if p.groups[g].CPUs != set {
			return -1, fmt.Errorf("%s: %q contradicts CPU %d, which says %q", from, set, p.groups[g].CPUs.Min(), p.groups[g].CPUs)
		}
		return g, nil
	}
	if p.of == nil {
		p.of = make(map[int]int)
	}
	for _, c := range set.CPUs() {
		if g, ok := p.of[c]; ok {
			return -1, fmt.Errorf("%s: %q overlaps %q of CPU %d", from, set, p.groups[g].CPUs, p.groups[g].CPUs.Min())
		}
	}
	g := len(p.groups)
	for _, c := range set.CPUs() {
		p.of[c] = g
	}
	p.groups = append(p.groups, Group{ID: id, CPUs: set})
	return g, nil
}
