package workload

import (
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/release"
)

// Handler is the code of the stages, the same whatever carries requests from
// one to the next. It is safe for concurrent use.
type Handler struct {
	// Means is what stages spend their service time with; nil: they spin. It is set before the first Step.
	Means *Means

	graph  *Graph
	gate   *Gate // nil: nobody counts
	clock  Clock
	sink   Sink
	states [MaxStages]keyStates // of keyed stages

	// doubled counts how often a stage handled a request again, and skipped the requests that ended without every stage, or went round without: written by
	// the worker that notices, read when all is quiet.
	doubled, skipped atomic.Int64
}

// Sink is told of each request that is done, by the worker that ended it. It
// must not block. When it is nil the request is marked done, for DoneAt.
type Sink func(r *Request, at int64)

// NewHandler returns the handler of a graph's stages.
func NewHandler(g *Graph, c Clock, sink Sink) *Handler {
	return &Handler{graph: g, clock: c, sink: sink}
}

// Graph returns the stages and how they follow one another.
func (h *Handler) Graph() *Graph { return h.graph }

// Step does the work of one stage for r and returns the stages that must
// handle it next. When there is none, r may be done and in use again, or
// belong to others: the caller must not touch it.
func (h *Handler) Step(stage int, r *Request) (next Set) {
	h.Begin(stage, r)
	h.Block(stage, r)
	return h.Finish(stage, r)
}

// Begin is the first of three parts of Step, for who must not wait: it notes that the stage begins.
func (h *Handler) Begin(stage int, r *Request) {
	if r.traced {
		r.trace.begin(stage, r.Submitted, h.clock.Now())
	}
}

// Block is the second part, the only one that may wait: until the time returned by Sleep has passed, or what was asked for is there.
func (h *Handler) Block(stage int, r *Request) {
	if h.Means != nil {
		h.Means.block(r.work[stage])
	}
}

// Sleep returns how long Block waits, if Means.Sleeps.
func (h *Handler) Sleep(stage int, r *Request) time.Duration {
	return time.Duration(r.work[stage]) * sleepTurn
}

// Finish is the last part. It computes, and returns what Step does.
func (h *Handler) Finish(stage int, r *Request) (next Set) {
	n := &h.graph.nodes[stage]
	if n.keyed {
		h.computeKeyed(stage, r)
	} else {
		h.Means.compute(stage, r)
	}
	traced, ended := r.traced, int64(0)
	if traced {
		ended = h.clock.Now()
		r.trace.end(stage, ended)
	}
	next, over := n.next, n.leaf
	switch {
	case !n.plain:
		next, over = h.pass(stage, n, r)
	case n.leaf:
		next = 0
	default:
		h.note(stage, r)
	}
	if traced && next != 0 {
		r.trace.handedOn(next, ended)
	}
	h.gate.add(next.Len() - 1)
	if over {
		h.finish(r)
	}
	return next
}

// computeKeyed computes where nobody else may have a request of the same key: what the stage has of the key it reads before and writes after.
func (h *Handler) computeKeyed(stage int, r *Request) {
	of := &h.states[stage][r.Key]
	of.begun.Add(1)
	n := of.handled
	h.Means.compute(stage, r)
	of.handled = n + 1
}

// Run does the work of all stages for r, one after another. The caller must
// not touch r afterwards.
func (h *Handler) Run(r *Request) {
	for ready := SetOf(h.graph.Enters(int(r.Kind))); ready != 0; {
		stage := ready.First()
		ready = ready.Rest() | h.Step(stage, r)
	}
}

// Doubled returns how often a stage handled a request that it had handled
// before: never, unless an architecture handed one on twice.
func (h *Handler) Doubled() int64 { return h.doubled.Load() }

// Skipped returns how many requests ended, or went round, that not every stage
// on their way had handled.
func (h *Handler) Skipped() int64 { return h.skipped.Load() }

// finish ends a request.
func (h *Handler) finish(r *Request) {
	if r.done.Load() != 0 {
		h.doubled.Add(1)
		return
	}
	g := h.graph
	path := g.path
	if g.routed {
		path = r.way.path
	}
	if r.seen != uint32(path) || g.counted != 0 && r.left.Load() != 0 {
		h.skipped.Add(1)
	}
	r.seen = 0
	at := h.clock.Now()
	if h.sink != nil {
		h.sink(r, at)
		return
	}
	// A plain store where the machine has one: nothing that follows depends on its being visible yet, and the worker must not wait
	// for a line that the generator is looking at. Pairs with the load in DoneAt.
	release.StoreInt(&r.done, at)
}
