package workload

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/release"
)

// Handler is the code of the stages, the same whatever carries requests from
// one to the next. It is safe for concurrent use.
type Handler struct {
	// Means is what stages spend their service time with; nil: they spin. It is set before the first Step.
	Means *Means

	graph *Graph
	order []int
	clock Clock
	sink  Sink

	// doubled counts how often a stage handled a request again, and skipped the requests that ended without every stage: written by
	// the worker that notices, read when all is quiet.
	doubled, skipped atomic.Int64
}

// Sink is told of each request that is done, by the worker that ended it. It
// must not block. When it is nil the request is marked done, for DoneAt.
type Sink func(r *Request, at int64)

// NewHandler returns the handler of a graph's stages.
func NewHandler(g *Graph, c Clock, sink Sink) *Handler {
	return &Handler{graph: g, order: g.Order(), clock: c, sink: sink}
}

// Graph returns the stages and how they follow one another.
func (h *Handler) Graph() *Graph { return h.graph }

// Step does the work of one stage for r and returns the stages that must
// handle it next. When there is none, r may be done and in use again: the
// caller must not touch it.
func (h *Handler) Step(stage int, r *Request) (next []int) {
	h.Begin(stage, r)
	h.Block(stage, r)
	return h.Finish(stage, r)
}

// Begin is the first of three parts of Step, for who must not wait: it notes that the stage begins.
func (h *Handler) Begin(stage int, r *Request) {
	if r.traced {
		r.trace.begin[stage] = h.clock.Now()
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
func (h *Handler) Finish(stage int, r *Request) (next []int) {
	h.Means.compute(stage, r)
	if r.traced {
		r.trace.end[stage] = h.clock.Now()
	}
	next = h.graph.next[stage]
	if len(next) == 0 {
		h.leaf(r, 1<<stage)
		return next
	}
	// No lock: wherever stages have more than one that follows, those are leaves.
	if r.seen&(1<<stage) != 0 {
		h.doubled.Add(1)
	}
	r.seen |= 1 << stage
	return next
}

// Run does the work of all stages for r, one after another. The caller must
// not touch r afterwards.
func (h *Handler) Run(r *Request) {
	for _, stage := range h.order {
		h.Step(stage, r)
	}
}

// Doubled returns how often a stage handled a request that it had handled
// before: never, unless an architecture handed one on twice.
func (h *Handler) Doubled() int64 { return h.doubled.Load() }

// Skipped returns how many requests ended that not every stage had handled.
func (h *Handler) Skipped() int64 { return h.skipped.Load() }

// leaf notes that one leaf of r is done. The subtraction orders the branches:
// whoever brings what is left to zero has seen what all of them did.
func (h *Handler) leaf(r *Request, bit uint32) {
	if h.graph.leaves > 1 {
		left := r.left.Add(-bit)
		if (left+bit)&bit == 0 {
			r.left.Add(bit)
			h.doubled.Add(1)
			return
		}
		if left != 0 {
			return
		}
	}
	if r.done.Load() != 0 {
		h.doubled.Add(1)
		return
	}
	if r.seen != h.graph.inner {
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

// Source gives requests their work, in an order that depends on its seed only.
// It must be used by one goroutine at a time.
type Source struct {
	// Shares are how often each kind of request comes, in parts of 1; nil: all are of kind 0.
	Shares []float64
	// Scale, unless nil, says how many times as long as what is drawn for it a stage takes with a request that is due then.
	Scale func(due int64, stage int) float64

	graph   *Graph
	service Service
	spin    Spin
	random  *rand.Rand
	every   int // one request in so many is traced
	count   int
}

// NewSource returns a source. One request in every is traced, none if it is 0.
func NewSource(g *Graph, s Service, spin Spin, random *rand.Rand, every int) *Source {
	return &Source{graph: g, service: s, spin: spin, random: random, every: every}
}

// Fill makes r a new request that is due at the given time. It costs a few
// nanoseconds per stage.
func (s *Source) Fill(r *Request, due int64) {
	r.done.Store(0)
	r.left.Store(s.graph.ends)
	r.Due = due
	for stage := range s.graph.Stages() {
		ns := s.service.Draw(s.random)
		if s.Scale != nil {
			ns *= s.Scale(due, stage)
		}
		r.work[stage] = s.spin.Turns(ns)
	}
	if r.Kind = 0; len(s.Shares) > 1 {
		r.Kind = s.kind()
	}
	s.count++
	r.traced = s.every > 0 && s.count%s.every == 0
	if r.traced && r.trace == nil {
		r.trace = new(Trace)
	}
}

// kind draws one.
func (s *Source) kind() uint8 {
	x := s.random.Float64()
	for k, share := range s.Shares {
		if x -= share; x < 0 {
			return uint8(k)
		}
	}
	return uint8(len(s.Shares) - 1)
}

// StageTimes sums, over traced requests, what one stage took and how long
// requests waited for it.
type StageTimes struct {
	Count         int
	Service, Wait float64 // ns
	Square        float64 // of service times, ns^2
}

// Observe adds a traced request that is done to times, one element a stage.
// A request waits for a stage from the end of the one before it, and for the
// first from its submission.
func (g *Graph) Observe(r *Request, times []StageTimes) {
	if !r.traced {
		return
	}
	for stage := range times {
		if g.apart && stage != int(r.Kind) {
			continue
		}
		ready := r.Submitted
		if from := g.parent[stage]; from >= 0 {
			ready = r.trace.end[from]
		}
		t := &times[stage]
		t.Count++
		service := float64(r.trace.end[stage] - r.trace.begin[stage])
		t.Service += service
		t.Square += service * service
		t.Wait += float64(r.trace.begin[stage] - ready)
	}
}
