package sim

import (
	"math"
	"math/rand/v2"

	"github.com/seda-go/seda/sched"
)

// stage is a stage at run time.
type stage struct {
	*Stage
	id     int
	random *rand.Rand
	event  Service
	scale  float64 // of Event, now
	step   int     // Scale[:step] have been reached

	limit     int  // most events of a batch by the plan
	loose     bool // promises no order, as several workers serve it: a batch that is handed over may overtake
	shards    []shard
	single    *ring     // what edges push into, if that is one ring
	active    sched.Set // shards with events; the one of a stage without tokens too
	taken     sched.Set // shards that a worker runs
	next      int       // shard to look at first
	over      int       // events beyond the capacity of rings
	running   int       // workers with a batch out of its rings in hand
	edges     []edge
	holds     sched.Set // stages that found no room here
	waiting   sched.Set // workers asleep that want room here
	saturated []*source
	stageCounts
	sojourn sched.Histogram
}

// stageCounts only grow.
type stageCounts struct {
	entered, done, expired, direct, held, switches uint64
	batches                                        sched.Moments
	wait                                           int64  // of the oldest of each batch
	waited                                         int64  // of all events
	popped                                         uint64 // events that began
}

type edge struct {
	Edge
	least    int     // events for one, always
	rest     float64 // probability of one more
	maxOut   int
	feedback bool
}

type shard struct {
	rings  [][]*ring // by class: that of the edges, then those of sources
	n      int       // events in them
	next   [maxClasses]int
	credit [maxClasses]int
}

// weights are the shares of the classes while all have events waiting, those of the engine.
var weights = [maxClasses]int{1, 4, 16, 64}

func (r *run) addStages() {
	r.stages = make([]stage, len(r.y.Stages))
	for i := range r.stages {
		s := &r.stages[i]
		*s = stage{Stage: &r.y.Stages[i], id: i, random: r.stream(1, i), scale: 1}
		s.event = s.Event
		s.limit = orElse(s.MaxBatch, defaultMaxBatch)
		s.shards = make([]shard, max(s.Shards, 1))
		for k := range s.shards {
			sh := &s.shards[k]
			sh.credit = weights
			for range orElse(s.Classes, 1) {
				sh.rings = append(sh.rings, []*ring{{capacity: orElse(s.Capacity, defaultCapacity), over: &s.over}})
			}
		}
		if len(s.shards) == 1 && len(s.shards[0].rings) == 1 {
			s.single = s.shards[0].rings[0][0]
		}
		for _, e := range s.Stage.Edges {
			least := math.Floor(e.Ratio)
			out := edge{e, int(least), e.Ratio - least, int(math.Ceil(e.Ratio)), e.To >= i}
			if s.OneOf {
				out.maxOut = 1
			}
			s.edges = append(s.edges, out)
		}
	}
}

// guarded reports whether one worker at a time runs a shard.
func (s *stage) guarded() bool { return s.Shards > 0 }

// runnable reports whether there are events that somebody may take.
func (s *stage) runnable() bool {
	if !s.guarded() {
		return !s.active.Empty()
	}
	open := s.active.AndNot(&s.taken)
	return !open.Empty()
}

// shardFor draws the shard of an event.
func (s *stage) shardFor() int {
	switch {
	case len(s.shards) == 1:
		return 0
	case s.Hot > 0 && s.random.Float64() < s.Hot:
		return 0
	}
	return s.random.IntN(len(s.shards))
}

// room returns the largest batch, at most limit, whose outputs have room, and the stage ahead that has none. Where that depends on the shard or the class
// of what is emitted it is known too late: then one batch may go beyond, and holds the stage until the rings ahead have taken it, as a debt does.
func (s *stage) room(r *run, limit int) (n int, ahead *stage) {
	for i := range s.edges {
		e := &s.edges[i]
		if e.feedback || e.maxOut == 0 {
			continue
		}
		t := &r.stages[e.To]
		if t.single != nil {
			limit = min(limit, max(t.single.free(), 0)/e.maxOut)
		} else if t.over > 0 {
			limit = 0
		}
		if limit == 0 {
			return 0, t
		}
	}
	return limit, nil
}

// fill takes up to limit events out of the shard: weighted round robin over classes, round robin over the rings of a class.
func (sh *shard) fill(batch []event, limit int) []event {
	classes := len(sh.rings)
	if classes == 1 {
		return sh.take(batch, 0, limit)
	}
	all := 1<<classes - 1
	for empty := 0; empty != all; sh.credit = weights {
		for c := classes - 1; c >= 0; c-- {
			bit := 1 << c
			if empty&bit != 0 {
				continue
			}
			most := limit - len(batch)
			if empty|bit != all { // else nobody else waits
				most = min(most, sh.credit[c])
			}
			before := len(batch)
			batch = sh.take(batch, c, most)
			n := len(batch) - before
			sh.credit[c] = max(sh.credit[c]-n, 0)
			if len(batch) == limit {
				return batch
			}
			if n < most {
				empty |= bit
			}
		}
	}
	return batch
}

// take takes up to limit events of one class, beginning behind the ring that was the last to give any, as the engine does.
func (sh *shard) take(batch []event, class, limit int) []event {
	rings := sh.rings[class]
	k := sh.next[class]
	before := len(batch)
	for range rings {
		left := limit - (len(batch) - before)
		if left == 0 {
			break
		}
		had := len(batch)
		batch = rings[k].pop(batch, left)
		if k++; k == len(rings) {
			k = 0
		}
		if len(batch) > had {
			sh.next[class] = k
		}
	}
	sh.n -= len(batch) - before
	return batch
}

// push puts an event into a ring of a shard.
func (r *run) push(s *stage, k, class, which int, e event) {
	sh := &s.shards[k]
	sh.rings[class][which].push(e)
	s.entered++
	if sh.n++; sh.n == 1 {
		s.active.Add(k)
		r.ready.Add(s.id)
	}
}

// headAge returns how long the oldest event in its rings has waited.
func (s *stage) headAge(now int64) int64 {
	oldest := now
	for k := s.active.Next(0); k >= 0; k = s.active.Next(k + 1) {
		for _, class := range s.shards[k].rings {
			for _, q := range class {
				if q.n > 0 {
					oldest = min(oldest, q.buf[q.head].at)
				}
			}
		}
	}
	return now - oldest
}
