package workload

import "fmt"

const (
	// MaxStages is the largest number of stages of a Graph.
	MaxStages = 32
	// MaxEdges is the largest number of edges, with one from each stage after which a request, or this branch of it, is over.
	MaxEdges = 64
	// MaxRounds is the most that a stage may send one request back.
	MaxRounds = 100
	// End is the name that Stage.Next has for what comes after the last stage.
	End = "end"
)

// Stage describes a stage of a Graph.
type Stage struct {
	Name string
	// Next are the stages that follow; none: the request, or this branch of it, is over.
	Next []string
	// Shares, unless nil, say that only one of Next follows, and with which probability. It may be End then, and one of them may be the stage
	// itself or one that leads to it: requests go round.
	Shares []float64
	// Rounds is how often a request is sent back at most, where one of Next leads back.
	Rounds int
	// Keyed stages handle requests of one key one at a time.
	Keyed bool
}

// Graph is stages, the first of which takes what comes in, and what follows each: all of some (branches) or one of several (a route).
// What has branched meets again in a stage to which several branches lead (a join), which handles the request when the last of them is through; the end
// of a request is one, too. Routes that meet just go on. It is immutable and safe for concurrent use.
//
// Edges have numbers, those of a stage one after another, so that what a request does is a word of bits: see Request.left.
type Graph struct {
	shape  string
	apart  bool // no graph, but stages of which each handles requests of its own kind
	stages []Stage
	nodes  []node
	heads  []int // of each edge: the stage it leads to, or end
	order  []int // see Order
	visits []float64
	loops  int

	path    Set    // stages that note a request in its word seen, if all requests go the same way
	edges   uint64 // all
	counted uint64 // edges that have a bit in Request.left
	// in are the counted edges into a join, 0 for other stages; the last element is the end's.
	in     [end + 1]uint64
	routed bool // not all requests go the same way
	keyed  bool // a stage is
}

// end stands for a stage after the last.
const end = MaxStages

// node is what a worker needs to know of a stage.
type node struct {
	plain  bool   // a stage that follows it follows every time, and is no join
	alone  bool   // when it handles a request no other stage does, so that it may note that without an atomic
	leaf   bool   // nothing follows
	keyed  bool   // see Stage
	next   Set    // what follows, end included, of which a route chooses one
	edges  uint64 // to them
	routes []route
	back   *loop // nil: nothing leads back
}

// route is a way on from a stage that chooses.
type route struct {
	edge  int
	share float64 // of what is not sent back
}

// loop is the way back from a stage.
type loop struct {
	index  int // in the graph
	head   int // the stage that requests are sent back to
	edge   int
	share  float64
	rounds int
	stages Set    // that go round
	edges  uint64 // between them, but for the way back
}

// String names the shape and the number of stages, as in pipeline-3.
func (g *Graph) String() string { return fmt.Sprintf("%s-%d", g.shape, len(g.nodes)) }

// Stages returns the number of stages.
func (g *Graph) Stages() int { return len(g.nodes) }

// Describe returns the stages as they were described.
func (g *Graph) Describe() []Stage { return g.stages }

// Name returns the name of a stage, unique in the graph.
func (g *Graph) Name(stage int) string { return g.stages[stage].Name }

// Keyed reports whether a stage handles requests of one key one at a time.
func (g *Graph) Keyed(stage int) bool { return g.nodes[stage].keyed }

// AnyKeyed reports whether any stage does.
func (g *Graph) AnyKeyed() bool { return g.keyed }

// Next returns the stages that may follow a stage; none for a leaf.
func (g *Graph) Next(stage int) Set { return g.nodes[stage].next &^ SetOf(end) }

// Back returns the stage that a stage may send requests back to, and whether there is one. It is one of Next.
func (g *Graph) Back(stage int) (head int, ok bool) {
	if l := g.nodes[stage].back; l != nil {
		return l.head, true
	}
	return 0, false
}

// Way is one of those on from a stage.
type Way struct {
	To    int // stage; MaxStages: the end
	Share float64
}

// Ways returns where requests go from a stage each time that it is through with one, in the mean: as often as not all of them where there are several
// that all of them take, and for the bound on how often one may go back.
func (g *Graph) Ways(stage int) (ways []Way) {
	n := &g.nodes[stage]
	onward := 1.0
	if l := n.back; l != nil {
		again, p := 0.0, 1.0
		for range l.rounds {
			p *= l.share
			again += p
		}
		onward = 1 / (1 + again)
		ways = append(ways, Way{l.head, 1 - onward})
	}
	for _, r := range n.routes {
		ways = append(ways, Way{g.heads[r.edge], onward * r.share})
	}
	if len(n.routes) == 0 {
		for next := n.next; next != 0; next = next.Rest() {
			ways = append(ways, Way{next.First(), 1})
		}
	}
	return ways
}

// Chooses reports whether a request takes only one of a stage's Ways.
func (g *Graph) Chooses(stage int) bool { return len(g.nodes[stage].routes) > 0 }

// Joins reports whether a stage waits for several branches.
func (g *Graph) Joins() bool {
	for stage := range g.nodes {
		if g.in[stage] != 0 {
			return true
		}
	}
	return false
}

// Branches reports whether several stages may have the same request at a time.
func (g *Graph) Branches() bool { return g.counted != 0 }

// Visits returns how often a request comes to a stage, in the mean.
func (g *Graph) Visits(stage int) float64 { return g.visits[stage] }

// Enters returns the stage that requests of a kind begin in.
func (g *Graph) Enters(kind int) int {
	if g.apart {
		return kind
	}
	return 0
}

// Loops reports whether requests go round.
func (g *Graph) Loops() bool { return g.loops > 0 }

// Order returns the stages so that each comes after all that lead to it, but for ways back. Callers must not change it.
func (g *Graph) Order() []int { return g.order }
