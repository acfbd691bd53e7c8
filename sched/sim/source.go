package sim

import "github.com/seda-go/seda/sched"

// source is a source at run time.
type source struct {
	*Source
	id     int
	stage  *stage
	which  int // of the rings of its class in each shard
	lanes  []*ring
	clock  clock
	limit  sched.Limit
	tokens float64 // of the limit's rate
	last   int64   // when they were counted
	depth  int
	out    int // Closed: events that wait to come again
	shard  int // Saturate: of the next event
	sourceCounts
	sojourn Histogram
}

// sourceCounts only grow.
type sourceCounts struct {
	offered, accepted, refused, done, inTime, expired uint64
}

// retry is after how many ns a refused closed-loop event comes again if nobody says better.
const retry = 1_000_000

func (r *run) addSources() {
	r.sources = make([]source, len(r.y.Sources))
	for i := range r.sources {
		c := &r.sources[i]
		*c = source{Source: &r.y.Sources[i], id: i}
		c.stage = &r.stages[c.Stage]
		c.clock = clock{Arrivals: &c.Arrivals, random: r.stream(2, i)}
		c.clock.pass()
		capacity := orElse(c.Capacity, orElse(c.stage.Capacity, defaultCapacity))
		for k := range c.stage.shards {
			class := &c.stage.shards[k].rings[c.Class]
			c.which = len(*class)
			q := &ring{capacity: capacity, depth: &c.depth}
			*class = append(*class, q)
			c.lanes = append(c.lanes, q)
		}
		if c.Arrivals.Process == Saturate {
			c.stage.saturated = append(c.stage.saturated, c)
		}
	}
}

// start lets the first events come.
func (r *run) start(c *source) {
	switch c.Arrivals.Process {
	case Closed:
		c.out = c.Arrivals.Clients
		r.again(c, 0)
	case Saturate:
		r.again(c, 0)
	default:
		r.again(c, c.clock.next())
	}
}

func (r *run) again(c *source, t int64) { r.cal.set(len(r.workers)+c.id, t) }

// arrive is called at the time that the source has in the calendar.
func (r *run) arrive(c *source) {
	switch c.Arrivals.Process {
	case Closed:
		r.again(c, never)
		for ; c.out > 0; c.out-- {
			if !r.enter(c, nil) {
				r.again(c, r.now+orElse(c.limit.Retry, retry))
				break
			}
		}
	case Saturate:
		r.again(c, never)
		r.saturate(c.stage)
	default:
		r.enter(c, nil)
		r.again(c, c.clock.next())
	}
}

// enter lets an event come in, unless it is refused; w is the worker whose answer made it come, if there is one.
func (r *run) enter(c *source, w *worker) bool {
	c.offered++
	k := c.stage.shardFor()
	if !c.admits(r.now) || c.lanes[k].n >= c.lanes[k].capacity {
		c.refused++
		return false
	}
	if c.limit.Rate > 0 {
		c.tokens--
	}
	r.accept(c, k, w)
	r.announce(c.stage, w)
	return true
}

// admits reports whether the limit lets one event more in.
func (c *source) admits(now int64) bool {
	l := &c.limit
	if l.Depth > 0 && c.depth >= l.Depth {
		return false
	}
	if l.Rate == 0 {
		return true
	}
	burst := orElse(l.Depth, c.lanes[0].capacity)
	c.tokens = min(c.tokens+float64(now-c.last)*l.Rate/1e9, float64(burst))
	c.last = now
	return c.tokens >= 1
}

func (r *run) accept(c *source, k int, w *worker) {
	c.accepted++
	var req int32
	if n := len(r.freed); n > 0 {
		req = r.freed[n-1]
		r.freed = r.freed[:n-1]
		r.reqs[req] = request{r.now, 1, int32(c.id)}
	} else {
		req = int32(len(r.reqs))
		r.reqs = append(r.reqs, request{r.now, 1, int32(c.id)})
	}
	if c.Arrivals.Inside == 0 {
		w = nil
	}
	r.push(c.stage, k, c.Class, c.which, event{r.now, req, madeBy(w)})
}

// announce tells of events from outside.
func (r *run) announce(s *stage, w *worker) {
	if w != nil {
		w.touched.Add(s.id)
		return
	}
	r.poke(s)
	if !r.parked.Empty() {
		r.wakeFor(s, nil)
	}
}

// saturate lets sources that always have more go on, when the ring that they wait for is half empty. They wait for the shard of their next event,
// even while others have room.
func (r *run) saturate(s *stage) {
	for _, c := range s.saturated {
		if q := c.lanes[c.shard]; q.n > q.capacity/2 {
			continue
		}
		for c.lanes[c.shard].n < c.lanes[c.shard].capacity {
			c.offered++
			r.accept(c, c.shard, nil)
			c.shard = s.shardFor()
		}
		r.announce(s, nil)
	}
}

// retire notes that an event is done, or too late, and with the last one of its request that this is.
func (r *run) retire(req int32, w *worker, late bool) {
	q := &r.reqs[req]
	if q.left--; q.left > 0 {
		return
	}
	r.freed = append(r.freed, req)
	c := &r.sources[q.source]
	if late {
		c.expired++
	} else {
		c.completed(r.now - q.born)
	}
	if c.Arrivals.Process == Closed {
		c.comeAgain(r, w)
	}
}

func (c *source) completed(took int64) {
	c.done++
	if d := orElse(c.Deadline, c.Target); d == 0 || took <= d {
		c.inTime++
	}
	c.sojourn.Add(took)
}

// comeAgain lets an event of a closed loop come again.
func (c *source) comeAgain(r *run, w *worker) {
	switch at := r.cal.at(len(r.workers) + c.id); {
	case at != never: // others wait to try again
		c.out++
	case !r.enter(c, w):
		c.out++
		r.again(c, r.now+orElse(c.limit.Retry, retry))
	}
}
