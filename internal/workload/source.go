package workload

import "math/rand/v2"

// Source gives requests their work, in an order that depends on its seed only.
// It must be used by one goroutine at a time.
type Source struct {
	// Shares are how often each kind of request comes, in parts of 1; nil: all are of kind 0.
	Shares []float64
	// Scale, unless nil, says how many times as long as what is drawn for it a stage takes with a request that is due then.
	Scale func(due int64, stage int) float64
	// Keys are those of the requests, where a stage is keyed.
	Keys *Keys

	graph    *Graph
	services [MaxStages]Service
	spins    [MaxStages]Spin
	random   *rand.Rand
	every    int // one request in so many is traced
	count    int
}

// NewSource returns a source. One request in every is traced, none if it is 0.
func NewSource(g *Graph, s Service, spin Spin, random *rand.Rand, every int) *Source {
	from := &Source{graph: g, random: random, every: every}
	for i := range from.services {
		from.services[i], from.spins[i] = s, spin
	}
	return from
}

// Own gives stages service times of their own, and turns that they are spent in, as far as there are some.
func (s *Source) Own(services []Service, spins []Spin) {
	copy(s.services[:], services)
	copy(s.spins[:], spins)
}

// Fill makes r a new request that is due at the given time. It costs a few
// nanoseconds per stage.
func (s *Source) Fill(r *Request, due int64) {
	r.done.Store(0)
	r.Due = due
	for stage := range s.graph.Stages() {
		ns := s.services[stage].Draw(s.random)
		if s.Scale != nil {
			ns *= s.Scale(due, stage)
		}
		r.work[stage] = s.spins[stage].Turns(ns)
	}
	if r.Kind = 0; len(s.Shares) > 1 {
		r.Kind = s.kind()
	}
	s.fillWay(r)
	s.count++
	if r.traced = s.every > 0 && s.count%s.every == 0; r.traced {
		if r.trace == nil {
			r.trace = new(Trace)
		}
		r.trace.clear(s.graph.Stages())
	}
}

// fillWay decides where r goes. Requests of graphs in which all go the same way, and one after another, need not be told.
func (s *Source) fillWay(r *Request) {
	g := s.graph
	edges := g.edges
	if g.routed {
		if r.way == nil {
			r.way = new(way)
		}
		g.draw(r.way, s.random)
		edges = r.way.edges
	}
	if g.counted != 0 {
		r.left.Store(edges & g.counted)
	}
	if g.keyed {
		r.Key = s.Keys.draw(s.random)
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
