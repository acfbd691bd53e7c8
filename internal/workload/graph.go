package workload

import (
	"fmt"
	"slices"
	"strings"
)

// MaxStages is the largest number of stages of a Graph.
const MaxStages = 32

// Graph is a tree of stages: stage 0 takes what comes in, and each stage hands
// what it has handled to every stage that comes next. It is immutable and safe
// for concurrent use.
type Graph struct {
	shape  string
	apart  bool // no tree, but stages of which each handles requests of its own kind
	names  []string
	next   [][]int
	parent []int
	leaves int
	inner  uint32 // stages that others follow, a bit each
	ends   uint32 // leaves, a bit each
}

// Shapes are the names that NewGraph knows.
func Shapes() []string { return []string{"pipeline", "fanout"} }

// NewGraph returns a graph of a known shape with the given number of stages, 1
// to MaxStages. A pipeline is a chain; a fanout is one stage, followed by all
// others side by side, each of which handles every request.
func NewGraph(shape string, stages int) (*Graph, error) {
	least := map[string]int{"pipeline": 1, "fanout": 2}[shape]
	if least == 0 {
		return nil, fmt.Errorf("unknown shape %q, want %s", shape, strings.Join(Shapes(), " or "))
	}
	if stages < least || stages > MaxStages {
		return nil, fmt.Errorf("%d, want %d to %d stages for a %s", stages, least, MaxStages, shape)
	}
	g := &Graph{shape: shape, next: make([][]int, stages), parent: make([]int, stages)}
	g.parent[0] = -1
	for s := 1; s < stages; s++ {
		from := 0
		if shape == "pipeline" {
			from = s - 1
		}
		g.parent[s] = from
		g.next[from] = append(g.next[from], s)
	}
	for s := range stages {
		g.names = append(g.names, fmt.Sprintf("s%d", s))
		if len(g.next[s]) == 0 {
			g.leaves++
			g.ends |= 1 << s
		} else {
			g.inner |= 1 << s
		}
	}
	return g, nil
}

// Apart returns stages that do not lead to one another: requests of kind k are
// handled by stage k alone.
func Apart(stages int) (*Graph, error) {
	if stages < 1 || stages > MaxStages {
		return nil, fmt.Errorf("%d, want 1 to %d stages", stages, MaxStages)
	}
	g := &Graph{shape: "apart", apart: true, leaves: 1, next: make([][]int, stages), parent: make([]int, stages)}
	for s := range stages {
		g.names = append(g.names, fmt.Sprintf("s%d", s))
		g.parent[s] = -1
	}
	return g, nil
}

// Enters returns the stage that requests of a kind begin in.
func (g *Graph) Enters(kind int) int {
	if g.apart {
		return kind
	}
	return 0
}

// String names the shape and the number of stages, as in pipeline-3.
func (g *Graph) String() string { return fmt.Sprintf("%s-%d", g.shape, len(g.names)) }

// Stages returns the number of stages.
func (g *Graph) Stages() int { return len(g.names) }

// Name returns the name of a stage, unique in the graph.
func (g *Graph) Name(stage int) string { return g.names[stage] }

// Next returns the stages that follow a stage; none for a leaf. Callers must
// not change it.
func (g *Graph) Next(stage int) []int { return g.next[stage] }

// Leaves returns how many stages nothing follows: a request is done when all
// of them have handled it.
func (g *Graph) Leaves() int { return g.leaves }

// Order returns the stages so that each comes after the one that leads to it.
func (g *Graph) Order() []int {
	order := make([]int, 0, g.Stages())
	order = append(order, 0)
	for i := 0; i < len(order); i++ {
		order = append(order, g.next[order[i]]...)
	}
	return slices.Clip(order)
}
