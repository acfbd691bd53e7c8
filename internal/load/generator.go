package load

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/seda-go/seda/internal/workload"
)

// Streams of random numbers of one seed.
const (
	arrivalStream = iota
	workStream
	clientStream // and one more for each client
)

// generator makes load from a thread of its own. Only that thread uses it.
type generator struct {
	*Run
	target Target
	source *workload.Source
	window window

	free   []*workload.Request // nobody has them
	flying []*workload.Request // accepted, and not yet seen to be done
	look   int                 // index in flying to look at next
	batch  []*workload.Request // being filled
	result Result
	used   meter // of all other threads
	own    meter
	filled int32 // requests filled so far
}

func newGenerator(r *Run) *generator {
	n := r.cfg.InFlight
	if r.cfg.Arrival == Closed {
		n = r.cfg.Clients
	}
	g := &generator{
		Run:    r,
		source: r.source(rand.NewPCG(r.cfg.Seed, workStream)),
		flying: make([]*workload.Request, 0, n),
		batch:  make([]*workload.Request, 0, max(r.cfg.Batch, 1)),
		result: newResult(r.cfg.Graph),
	}
	requests := make([]workload.Request, n)
	for i := range requests {
		g.free = append(g.free, &requests[i])
	}
	return g
}

func newResult(g *workload.Graph) Result {
	return Result{Sojourn: newHistogram(), Lateness: newHistogram(), Stages: make([]workload.StageTimes, g.Stages())}
}

// errTooMany: the target holds more requests than it has room for.
var errTooMany = errors.New("more requests in flight than the queues hold")

// drive makes the load on a locked and, if there is a CPU for it, pinned thread.
func (g *generator) drive(target Target) (Result, error) {
	g.target = target
	failed := make(chan error, 1)
	go func() {
		leave, err := Occupy(g.cfg.CPU)
		if err != nil {
			failed <- fmt.Errorf("load generator: %w", err)
			return
		}
		defer func() { failed <- errors.Join(err, leave()) }()
		if g.cfg.Alone && g.cfg.CPU >= 0 {
			shared := first()
			defer func() { err = errors.Join(err, shared()) }()
		}
		g.window = g.Run.window()
		g.used.window, g.own.window = g.window, g.window
		if g.cfg.Arrival == Closed {
			g.closed()
		} else {
			err = g.open()
		}
		g.drain()
	}()
	err := <-failed
	g.result.CPU, g.result.GeneratorCPU = g.used.total, g.own.total
	return g.result, err
}

// open offers requests when they are due, until the end of the window.
func (g *generator) open() error {
	schedule := g.cfg.schedule()
	start := g.window.start - int64(g.cfg.Warmup)
	due := start + schedule.Next()
	for due < g.window.end && !g.stopped.Load() {
		now := g.now()
		for now < due && !g.stopped.Load() {
			g.collect()
			now = g.now()
		}
		for due <= now && due < g.window.end && len(g.batch) < cap(g.batch) {
			r, ok := g.take()
			if !ok {
				return errTooMany
			}
			g.fill(r, due)
			due = start + schedule.Next()
		}
		g.submit()
	}
	g.finish()
	return nil
}

// schedule is when requests are due after the start.
func (c *Config) schedule() *Schedule {
	s := NewSchedule(c.Arrival, c.Rate, rand.New(rand.NewPCG(c.Seed, arrivalStream)))
	s.Follow(c.Profile)
	if c.Trace != nil {
		s.Play(c.Trace, c.Warmup)
	}
	return s
}

// closed keeps the clients' requests outstanding until the end of the window,
// but for those of clients who think.
func (g *generator) closed() {
	thinkers := newThinkers(&g.cfg, g.began)
	for now := g.now(); now < g.window.end && !g.stopped.Load(); now = g.now() {
		for range len(g.flying) {
			if len(g.batch) == cap(g.batch) {
				break
			}
			switch r, at := g.collect(); {
			case r == nil:
			case thinkers.some():
				thinkers.think(at)
			default:
				g.free = g.free[:len(g.free)-1]
				g.fill(r, at)
			}
		}
		for len(g.free) > len(thinkers.due) && len(g.batch) < cap(g.batch) { // at the start, and what was refused
			r, _ := g.take()
			g.fill(r, now)
		}
		for len(g.batch) < cap(g.batch) {
			due, ok := thinkers.next(now)
			if !ok {
				break
			}
			r, _ := g.take()
			g.fill(r, due)
		}
		g.submit()
	}
	g.finish()
}

// now reads the clock, and the processor time when it is time to.
func (g *generator) now() int64 {
	now := g.clock.Now()
	g.used.read(now, otherThreadsTime)
	g.own.read(now, threadTime)
	return now
}

// finish waits for the end of the window.
func (g *generator) finish() {
	for g.now() < g.window.end && !g.stopped.Load() {
		g.collect()
	}
	g.now()
}

// take returns a request that nobody has.
func (g *generator) take() (*workload.Request, bool) {
	for i := 0; len(g.free) == 0 && i < len(g.flying); i++ {
		g.collect()
	}
	if len(g.free) == 0 {
		return nil, false
	}
	r := g.free[len(g.free)-1]
	g.free = g.free[:len(g.free)-1]
	return r, true
}

// fill adds r to the batch as a new request.
func (g *generator) fill(r *workload.Request, due int64) {
	g.source.Fill(r, due)
	r.Client = g.filled
	g.filled++
	g.batch = append(g.batch, r)
}

// submit offers the batch, unless it is empty, and records how late that was.
func (g *generator) submit() {
	if len(g.batch) == 0 { // it was ended while nothing was due
		return
	}
	at := g.clock.Now()
	for _, r := range g.batch {
		r.Submitted = at
	}
	accepted := g.target.Submit(g.batch)
	g.flying = append(g.flying, g.batch[:accepted]...)
	g.free = append(g.free, g.batch[accepted:]...)
	for i, r := range g.batch {
		c := Counts{Offered: 1}
		if i < accepted {
			c.Accepted = 1
		} else {
			c.Refused = 1
		}
		g.result.Total.add(c)
		if g.window.has(r.Due) {
			g.result.Window.add(c)
			record(g.result.Lateness, at-r.Due)
		}
		if g.cfg.Watch != nil {
			g.cfg.Watch.Offered(r, i < accepted)
		}
	}
	g.batch = g.batch[:0]
}

// collect looks at one request in flight; when it is done, it is recorded and
// free, and returned with the time it was done at.
func (g *generator) collect() (*workload.Request, int64) {
	if len(g.flying) == 0 {
		return nil, 0
	}
	if g.look >= len(g.flying) {
		g.look = 0
	}
	r := g.flying[g.look]
	at := r.DoneAt()
	if at == 0 {
		g.look++
		return nil, 0
	}
	last := len(g.flying) - 1
	g.flying[g.look] = g.flying[last]
	g.flying = g.flying[:last]
	g.free = append(g.free, r)
	if at < 0 {
		return r, g.expired(r)
	}
	g.result.Total.Completed++
	if g.cfg.Watch != nil {
		g.cfg.Watch.Done(r, at)
	}
	if g.window.has(at) {
		g.result.Done++
	}
	if g.window.has(r.Due) {
		g.result.Window.Completed++
		record(g.result.Sojourn, at-r.Due)
		g.cfg.Graph.Observe(r, g.result.Stages)
	}
	return r, at
}

// expired counts a request that was discarded, and returns when that was
// noticed: when it happened nobody knows.
func (g *generator) expired(r *workload.Request) int64 {
	g.result.Total.Expired++
	if g.window.has(r.Due) {
		g.result.Window.Expired++
	}
	if g.cfg.Watch != nil {
		g.cfg.Watch.Expired(r)
	}
	return g.clock.Now()
}

// drain waits until nothing is in flight, or the patience is at an end: then it
// looks at each request once more, lest this thread was kept from looking.
func (g *generator) drain() {
	limit := g.clock.Now() + int64(g.cfg.Patience)
	for len(g.flying) > 0 && g.clock.Now() < min(limit, g.giveUp.Load()) {
		g.collect()
	}
	for range len(g.flying) {
		g.collect()
	}
}
