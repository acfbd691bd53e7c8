package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// randomSystem draws a machine and a graph, saturated, from a seed: what costs are, how many stages there are and how they hang together is drawn
// over the ranges that machines and services have, evenly in the logarithm where they span more than one power of ten.
func randomSystem(seed uint64, cores int) *sim.System {
	d := draw{rand.New(rand.NewPCG(seed, 5))}
	y := &sim.System{Workers: d.seats(cores), Costs: d.costs()}
	n := 2 + d.IntN(14)
	if cores > 64 {
		n = 8 + d.IntN(43)
	}
	for i := range n {
		y.Stages = append(y.Stages, d.stage(i, cores, y.Costs.Cache))
	}
	d.edges(y.Stages)
	y.Sources = []sim.Source{{Name: "in", Stage: n - 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}}
	return y
}

const quantum = 100e3 // ns

type draw struct{ *rand.Rand }

// between draws evenly in the logarithm.
func (d draw) between(low, high float64) float64 {
	return low * math.Exp(d.Float64()*math.Log(high/low))
}

func (d draw) chance(p float64) bool { return d.Float64() < p }

// seats puts workers on a machine: four or eight cores to a last-level cache, two nodes from 32 cores on, and SMT in a third of cases.
func (d draw) seats(n int) (seats []sched.Seat) {
	threads, perLLC := 1, 4<<d.IntN(2)
	if n%2 == 0 && d.chance(1.0/3) {
		threads = 2
	}
	for w := range n {
		core := w / threads
		node := 0
		if n >= 32 {
			node = 2 * w / n
		}
		seats = append(seats, sched.Seat{CPU: w, Core: core, LLC: core / perLLC, Node: node})
	}
	return seats
}

func (d draw) costs() sim.Costs {
	c := sim.Costs{
		Ring: d.between(50, 400), Look: 100, Wake: d.between(5e3, 5e4), Signal: 1500, Move: d.between(50, 5e3),
		Cache: 256 << 10 << d.IntN(4), LLC: d.between(5, 60), SMT: 1 + 0.7*d.Float64(),
	}
	c.Node = c.LLC * (1 + 2*d.Float64())
	if d.chance(0.6) { // from memory at 10 to 40 GB/s; else the handlers touch little
		c.Refill = d.between(25, 100)
	}
	if d.chance(0.5) {
		c.Contend = d.between(20, 400)
	}
	return c
}

func (d draw) stage(i, cores, cache int) sim.Stage {
	s := sim.Stage{
		Name: fmt.Sprintf("s%d", i), Batch: d.between(100, 3e3), MaxBatch: 16 << d.IntN(3), Capacity: 256 << d.IntN(3),
		Footprint: int(float64(cache) * d.between(0.02, 0.6)),
		Event:     sim.Service{Kind: sim.Kind(d.IntN(4)), Mean: d.between(200, 4e3)},
	}
	for s.MaxBatch > 1 && float64(s.MaxBatch)*s.Event.Mean > quantum { // as the batch law would
		s.MaxBatch /= 2
	}
	switch s.Event.Kind {
	case sim.Bimodal:
		s.Event.Long, s.Event.Share = 10*s.Event.Mean, 0.02
	case sim.Lognormal:
		s.Event.Shape = 0.5 + d.Float64()
	}
	switch p := d.Float64(); {
	case p < 0.1: // serial, and so short that it does not decide alone
		s.Shards = 1
		s.Event.Mean = min(s.Event.Mean, 4e3/float64(cores))
	case p < 0.3:
		s.Shards = 4
		for s.Shards < 4*cores && s.Shards < 256 {
			s.Shards *= 2
		}
		if d.chance(0.2) {
			s.Hot = 0.5 / float64(cores)
		}
	}
	return s
}

// edges draws a pipeline, a diamond, or a graph without cycles in which every stage is fed by one that is near, and some by others; of several ways an
// event takes one, or, in a quarter of stages, all.
func (d draw) edges(stages []sim.Stage) {
	n := len(stages)
	link := func(from, to int) { stages[from].Edges = append(stages[from].Edges, sim.Edge{To: to, Ratio: 1}) }
	switch shape := d.IntN(3); {
	case shape == 0 || n < 4:
		for i := 1; i < n; i++ {
			link(i, i-1)
		}
	case shape == 1:
		for i := 1; i < n-1; i++ {
			link(n-1, i)
			link(i, 0)
		}
	default:
		for to := range n - 1 {
			link(min(to+1+d.IntN(3), n-1), to)
			if from := to + 1 + d.IntN(n-to-1); d.chance(0.2) && !leads(&stages[from], to) {
				link(from, to)
			}
		}
	}
	for i := range stages {
		d.divide(&stages[i])
	}
}

func leads(s *sim.Stage, to int) bool {
	return slices.ContainsFunc(s.Edges, func(e sim.Edge) bool { return e.To == to })
}

// divide draws how events of a stage divide among its edges.
func (d draw) divide(s *sim.Stage) {
	if len(s.Edges) == 1 && d.chance(0.3) {
		s.Edges[0].Ratio = []float64{0.3, 0.7, 2}[d.IntN(3)]
	}
	if len(s.Edges) < 2 || len(s.Edges) < 4 && d.chance(0.25) {
		return
	}
	s.OneOf = true
	sum := 0.0
	for i := range s.Edges {
		s.Edges[i].Ratio = d.between(0.1, 1)
		sum += s.Edges[i].Ratio
	}
	for i := range s.Edges {
		s.Edges[i].Ratio /= sum
	}
}
