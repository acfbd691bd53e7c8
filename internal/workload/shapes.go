package workload

import (
	"fmt"
	"slices"
	"strings"
)

// shapes are the graphs that have a name, with the fewest stages of each.
var shapes = []struct {
	name   string
	stages int
	make   func(names []string) []Stage
}{
	{"pipeline", 1, pipeline},
	{"fanout", 2, fanout},
	{"diamond", 4, diamond},
	{"feedback", 2, feedback},
	{"keyed", 1, keyed},
}

// Shapes are the names that NewGraph knows.
func Shapes() []string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.name
	}
	return names
}

// NewGraph returns a graph of a known shape with the given number of stages, up to MaxStages, named s0, s1 and so on. A pipeline is a chain; a fanout is one
// stage, followed by all others side by side, each of which handles every request. In a diamond the last stage follows when all between have handled it.
// A feedback is a pipeline whose last stage sends a part of the requests back to the first, and a keyed a pipeline whose middle stage is keyed.
func NewGraph(shape string, stages int) (*Graph, error) {
	i := slices.Index(Shapes(), shape)
	if i < 0 {
		return nil, fmt.Errorf("unknown shape %q, want %s", shape, strings.Join(Shapes(), ", "))
	}
	if least := shapes[i].stages; stages < least || stages > MaxStages {
		return nil, fmt.Errorf("%d, want %d to %d stages for a %s", stages, least, MaxStages, shape)
	}
	return Build(shape, shapes[i].make(stageNames(stages)))
}

func stageNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("s%d", i)
	}
	return names
}

func pipeline(names []string) []Stage {
	stages := make([]Stage, len(names))
	for i, name := range names {
		stages[i] = Stage{Name: name}
		if i > 0 {
			stages[i-1].Next = names[i : i+1]
		}
	}
	return stages
}

func fanout(names []string) []Stage {
	stages := []Stage{{Name: names[0], Next: names[1:]}}
	for _, name := range names[1:] {
		stages = append(stages, Stage{Name: name})
	}
	return stages
}

func diamond(names []string) []Stage {
	last := len(names) - 1
	stages := fanout(names[:last])
	for i := range stages[1:] {
		stages[1+i].Next = names[last:]
	}
	return append(stages, Stage{Name: names[last]})
}

// What a feedback sends back, and how often at most.
const (
	feedbackShare  = 0.25
	feedbackRounds = 4
)

func feedback(names []string) []Stage {
	stages := pipeline(names)
	last := &stages[len(stages)-1]
	last.Next, last.Shares, last.Rounds = []string{names[0], End}, []float64{feedbackShare, 1 - feedbackShare}, feedbackRounds
	return stages
}

func keyed(names []string) []Stage {
	stages := pipeline(names)
	stages[len(stages)/2].Keyed = true
	return stages
}

// Apart returns stages that do not lead to one another: requests of kind k are
// handled by stage k alone.
func Apart(stages int) (*Graph, error) {
	if stages < 1 || stages > MaxStages {
		return nil, fmt.Errorf("%d, want 1 to %d stages", stages, MaxStages)
	}
	g := &Graph{shape: "apart", apart: true}
	for i, name := range stageNames(stages) {
		g.stages = append(g.stages, Stage{Name: name})
		g.heads = append(g.heads, end)
		g.nodes = append(g.nodes, node{plain: true, alone: true, leaf: true, next: SetOf(end), edges: 1 << i})
		g.edges |= 1 << i
		g.visits = append(g.visits, 1)
		g.order = append(g.order, i)
	}
	return g, nil
}
