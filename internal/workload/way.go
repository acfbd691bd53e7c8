package workload

import (
	"math/bits"
	"math/rand/v2"
)

// way is what one request does in a graph in which not all do the same: drawn before it is submitted.
type way struct {
	edges uint64 // that it takes, but for ways back
	path  Set    // stages that note it in Request.seen
	// again is how often each stage still has to send it back. Workers count it down, each stage its own.
	again [MaxStages]uint8
}

// draw decides what a request does.
func (g *Graph) draw(w *way, random *rand.Rand) {
	*w = way{}
	visited := SetOf(0)
	for _, stage := range g.order {
		if !visited.Has(stage) {
			continue
		}
		n := &g.nodes[stage]
		if n.alone && !(n.leaf && n.plain) {
			w.path |= SetOf(stage)
		}
		edges := n.edges
		if len(n.routes) > 0 {
			if n.back != nil {
				w.again[stage] = n.back.draw(random)
			}
			edges = 1 << choose(n.routes, random)
		}
		w.edges |= edges
		for e := edges; e != 0; e &= e - 1 {
			visited |= SetOf(g.heads[bits.TrailingZeros64(e)])
		}
	}
}

// draw decides how often a request is sent back.
func (l *loop) draw(random *rand.Rand) uint8 {
	n := 0
	for n < l.rounds && random.Float64() < l.share {
		n++
	}
	return uint8(n)
}

// choose decides on an edge.
func choose(routes []route, random *rand.Rand) (edge int) {
	x := 0.0
	if len(routes) > 1 {
		x = random.Float64()
	}
	for _, r := range routes {
		if x -= r.share; x < 0 {
			return r.edge
		}
	}
	return routes[len(routes)-1].edge
}

// visitSamples are enough for estimates of means that are right within a few percent.
const visitSamples = 1 << 12

// meanVisits returns how often a request comes to each stage, in the mean: where not all go the same way, of a sample.
func (g *Graph) meanVisits() []float64 {
	visits := make([]float64, len(g.nodes))
	if !g.routed {
		for i := range visits {
			visits[i] = 1
		}
		return visits
	}
	random := rand.New(rand.NewPCG(1, 1))
	var w way
	for range visitSamples {
		g.draw(&w, random)
		var times [MaxStages]int
		for stage := range g.nodes {
			if g.nodes[stage].edges&w.edges != 0 {
				times[stage] = 1
			}
		}
		for stage := range g.nodes {
			if l := g.nodes[stage].back; l != nil && times[stage] > 0 {
				for i := range times {
					if l.stages.Has(i) && times[i] > 0 {
						times[i] += int(w.again[stage])
					}
				}
			}
		}
		for stage := range visits {
			visits[stage] += float64(times[stage]) / visitSamples
		}
	}
	return visits
}

// pass says what follows a stage that has handled r, where that is not the same for all requests or others may have r as well.
func (h *Handler) pass(stage int, n *node, r *Request) (next Set, over bool) {
	g := h.graph
	edges := n.edges
	if g.routed {
		if n.back != nil && r.way.again[stage] > 0 {
			h.sendBack(stage, n, r)
			return SetOf(n.back.head), false
		}
		edges &= r.way.edges
	}
	if n.alone {
		h.note(stage, r)
	}
	var left uint64
	if bits := edges & g.counted; bits != 0 {
		// The And orders the branches: whoever brings a join's bits to zero has seen what all of them did. From here on r may belong to others.
		before := r.left.And(^bits)
		if before&bits != bits {
			h.doubled.Add(1)
			return 0, false
		}
		left = before &^ bits
	}
	for ; edges != 0; edges &= edges - 1 {
		head := g.heads[bits.TrailingZeros64(edges)]
		if left&g.in[head] == 0 {
			next |= SetOf(head)
		}
	}
	return next &^ SetOf(end), next.Has(end)
}

// sendBack counts down how often r goes round, and makes the stages that do so forget that they have handled it.
func (h *Handler) sendBack(stage int, n *node, r *Request) {
	l := n.back
	r.way.again[stage]--
	if n.alone {
		h.note(stage, r)
		if round := uint32(r.way.path & l.stages); r.seen&round != round {
			h.skipped.Add(1)
		}
		r.seen &^= uint32(l.stages)
		return
	}
	round := r.way.edges & l.edges & h.graph.counted
	if r.left.Or(round)&round != 0 {
		h.skipped.Add(1)
	}
}

// note marks that a stage has handled r, which nobody else has at the time.
func (h *Handler) note(stage int, r *Request) {
	bit := uint32(SetOf(stage))
	if r.seen&bit != 0 {
		h.doubled.Add(1)
	}
	r.seen |= bit
}
