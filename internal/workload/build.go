package workload

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// StageError is what is wrong with the description of a stage.
type StageError struct {
	Stage int    // its place in what Build was given
	Field string // name, next, shares, rounds: what would have to change
	Name  string
	Err   error
}

// Error names the stage and the field.
func (e *StageError) Error() string { return fmt.Sprintf("stage %q: %s: %v", e.Name, e.Field, e.Err) }

// Unwrap returns what is wrong.
func (e *StageError) Unwrap() error { return e.Err }

// builder makes a graph of a description.
type builder struct {
	*Graph
	number map[string]int
	from   []int // of each edge
	share  []float64
	back   []bool          // it leads back
	into   [][]int         // edges into each stage, and the end, but for ways back
	pairs  map[[2]int]bool // what together found out
}

// Build returns the graph of a description, whose first stage is where requests enter. The error is a *StageError, unless it is about the number of stages.
func Build(shape string, stages []Stage) (*Graph, error) {
	if len(stages) < 1 || len(stages) > MaxStages {
		return nil, fmt.Errorf("%d stages, want 1 to %d", len(stages), MaxStages)
	}
	b := &builder{Graph: &Graph{shape: shape, stages: stages, nodes: make([]node, len(stages))}, number: map[string]int{}, pairs: map[[2]int]bool{}}
	for _, step := range []func() error{b.name, b.connect, b.reach, b.turn, b.arrange, b.close} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	b.mark()
	b.visits = b.meanVisits()
	return b.Graph, nil
}

func (b *builder) bad(stage int, field, format string, args ...any) error {
	return &StageError{stage, field, b.stages[stage].Name, fmt.Errorf(format, args...)}
}

// nameLetters are what the name of a stage may consist of: it stands in metrics, commands and names of benchmarks.
const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

func (b *builder) name() error {
	for i, s := range b.stages {
		before, used := b.number[s.Name]
		switch {
		case s.Name == "" || len(s.Name) > 32 || strings.Trim(s.Name, nameLetters) != "":
			return b.bad(i, "name", "want 1 to 32 letters, digits, and _ - or .")
		case s.Name == End:
			return b.bad(i, "name", "it stands for what comes after the last stage; want another")
		case used:
			return b.bad(i, "name", "stage number %d has it, too", before+1)
		}
		b.number[s.Name] = i
	}
	return nil
}

// connect numbers the edges.
func (b *builder) connect() error {
	b.into = make([][]int, end+1)
	for i, s := range b.stages {
		if err := b.checkNext(i); err != nil {
			return err
		}
		next := s.Next
		if len(next) == 0 {
			next = []string{End}
		}
		n := &b.nodes[i]
		n.leaf, n.keyed = len(s.Next) == 0, s.Keyed
		b.keyed = b.keyed || s.Keyed
		for k, name := range next {
			head, ok := b.number[name]
			if name == End {
				head, ok = end, true
			}
			switch {
			case !ok:
				return b.bad(i, "next", "no stage %q; want %s", name, b.others(s))
			case len(b.heads) == MaxEdges:
				return b.bad(i, "next", "more than %d edges in all, with those to the end; want fewer", MaxEdges)
			}
			share := 1.0
			if s.Shares != nil {
				share = s.Shares[k]
				n.routes = append(n.routes, route{len(b.heads), share})
			}
			n.next |= SetOf(head)
			n.edges |= 1 << len(b.heads)
			b.heads, b.from, b.share, b.back = append(b.heads, head), append(b.from, i), append(b.share, share), append(b.back, false)
		}
	}
	return nil
}

func (b *builder) others(s Stage) string {
	names := make([]string, len(b.stages))
	for i := range b.stages {
		names[i] = b.stages[i].Name
	}
	if s.Shares != nil {
		names = append(names, End)
	}
	return strings.Join(names, ", ")
}

func (b *builder) checkNext(i int) error {
	s := b.stages[i]
	sum := 0.0
	for k, name := range s.Next {
		if slices.Contains(s.Next[:k], name) {
			return b.bad(i, "next", "%q is named twice", name)
		}
		if name == End && s.Shares == nil {
			return b.bad(i, "next", "only a part of the requests can end here, by shares; where all do, there is no next")
		}
	}
	if s.Shares == nil {
		return nil
	}
	if len(s.Shares) != len(s.Next) {
		return b.bad(i, "shares", "%d, want one for each of the %d next", len(s.Shares), len(s.Next))
	}
	for _, share := range s.Shares {
		if !(share > 0 && share <= 1) {
			return b.bad(i, "shares", "%g, want more than 0, and at most 1", share)
		}
		sum += share
	}
	if math.Abs(sum-1) > 1e-6 {
		return b.bad(i, "shares", "they add up to %g, want 1", sum)
	}
	return nil
}

// reach checks that requests come everywhere.
func (b *builder) reach() error {
	led := SetOf(0)
	for e, head := range b.heads {
		if head != b.from[e] {
			led |= SetOf(head)
		}
	}
	reached := b.reachable(0, 0)
	for i := range b.stages {
		switch {
		case !led.Has(i):
			return b.bad(i, "name", "nothing leads to it, and requests enter by the first stage, %s: want it among the next of another", b.Name(0))
		case !reached.Has(i):
			return b.bad(i, "name", "no way leads to it from the first stage, %s", b.Name(0))
		}
	}
	return nil
}

// reachable returns where requests come to from a stage on, itself included, without those that have to pass a stage of without.
func (b *builder) reachable(from int, without Set) Set {
	seen := SetOf(from) &^ without
	for todo := seen; todo != 0; {
		stage := todo.First()
		todo = todo.Rest()
		for e, head := range b.heads {
			if b.from[e] == stage && !b.back[e] && !seen.Has(head) && !without.Has(head) {
				seen |= SetOf(head)
				if head != end {
					todo |= SetOf(head)
				}
			}
		}
	}
	return seen
}
