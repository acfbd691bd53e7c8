package load

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/workload"
)

// crowd is the load that the workers make: clients without a thread. Whoever
// ends a client's request submits its next.
type crowd struct {
	*Run
	target  Target
	window  window
	clients []client
	active  atomic.Int64 // clients with a request in flight; whoever ends the last one closes idle
	idle    chan struct{}

	mu struct {
		sync.Mutex
		result Result
	}
}

// client is owned by whoever has its request: it is handed over with it. What changes with every request stands together, on whole cache lines, since it
// goes from core to core with the request, and that should cost the service little.
type client struct {
	request workload.Request
	pcg     rand.PCG
	sojourn []int64 // not yet in the result; so that its lock is taken rarely
	done    int64
	// refused: the client waits for the crowd to submit its request again. Set by the owner, cleared by the crowd.
	refused atomic.Bool
	// over: the client has ended. Set by its last owner; the crowd may then read what it counted.
	over    atomic.Bool
	within  Counts               // of the requests due within the window,
	without Counts               // and of the others
	offer   [1]*workload.Request // the request, as Submit wants it
	source  *workload.Source     // of its work
	stages  []workload.StageTimes
	_       [16]byte
}

const sojournLog = 256

func newCrowd(r *Run) *crowd {
	c := &crowd{Run: r, clients: make([]client, r.cfg.Clients), idle: make(chan struct{})}
	c.mu.result = newResult(r.cfg.Graph)
	for i := range c.clients {
		k := &c.clients[i]
		k.request.Client = int32(i)
		k.offer[0] = &k.request
		k.pcg.Seed(r.cfg.Seed, clientStream+uint64(i))
		k.source = r.source(&k.pcg)
		k.sojourn = make([]int64, 0, sojournLog)
		k.stages = make([]workload.StageTimes, r.cfg.Graph.Stages())
	}
	return c
}

// retry is how soon a refused request is offered again.
const retry = time.Millisecond

// drive starts the clients and waits until all have stopped.
func (c *crowd) drive(target Target) (Result, error) {
	c.target = target
	c.window = c.Run.window()
	c.active.Store(int64(len(c.clients)))
	for i := range c.clients {
		c.next(&c.clients[i], c.clock.Now())
	}
	tick := time.NewTicker(retry)
	defer tick.Stop()
	limit := c.window.end + int64(c.cfg.Patience)
	used := meter{window: c.window}
	for now := c.clock.Now(); now < min(limit, c.giveUp.Load()); now = c.clock.Now() {
		used.read(now, ProcessTime)
		select {
		case <-c.idle:
			limit = 0
		case <-tick.C:
			c.retry()
		}
	}
	used.read(c.clock.Now(), ProcessTime)
	return c.collect(used.total), nil
}

// retry submits again what was refused, and goes on for clients whose requests
// expired, which no worker tells of.
func (c *crowd) retry() {
	for i := range c.clients {
		k := &c.clients[i]
		switch {
		case k.over.Load():
			continue
		case k.refused.Load():
			k.refused.Store(false)
		case k.request.DoneAt() < 0:
			k.count(Counts{Expired: 1}, c.window.has(k.request.Due))
		default:
			continue
		}
		c.next(k, c.clock.Now())
	}
}

// ended is called by the worker that ended a request; it owns its client.
func (c *crowd) ended(r *workload.Request, at int64) {
	k := &c.clients[r.Client]
	within := c.window.has(r.Due)
	k.count(Counts{Completed: 1}, within)
	if c.window.has(at) {
		k.done++
	}
	if within {
		k.sojourn = append(k.sojourn, at-r.Due)
		if len(k.sojourn) == cap(k.sojourn) {
			c.flush(k)
		}
		c.cfg.Graph.Observe(r, k.stages)
	}
	c.next(k, at)
}

// next submits the client's next request, due now, or ends the client.
func (c *crowd) next(k *client, now int64) {
	if now >= c.window.end || c.stopped.Load() {
		k.over.Store(true)
		if c.active.Add(-1) == 0 {
			close(c.idle)
		}
		return
	}
	k.source.Fill(&k.request, now)
	k.request.Submitted = now
	// Counted as accepted beforehand, since the client is someone else's as soon as it is.
	accepted := Counts{Offered: 1, Accepted: 1}
	k.count(accepted, c.window.has(now))
	if c.target.Submit(k.offer[:]) == 1 {
		return
	}
	k.count(Counts{Accepted: -1, Refused: 1}, c.window.has(now))
	k.refused.Store(true)
}

func (k *client) count(d Counts, within bool) {
	if within {
		k.within.add(d)
	} else {
		k.without.add(d)
	}
}

func (c *crowd) flush(k *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ns := range k.sojourn {
		record(c.mu.result.Sojourn, ns)
	}
	k.sojourn = k.sojourn[:0]
}

// collect adds up what the clients counted. Of a client whose request was lost
// it knows only that.
func (c *crowd) collect(cpu time.Duration) Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	result := &c.mu.result
	result.CPU = cpu
	for i := range c.clients {
		k := &c.clients[i]
		if !k.over.Load() {
			result.Total.add(Counts{Offered: 1, Accepted: 1})
			continue
		}
		result.Total.add(k.without)
		result.Total.add(k.within)
		result.Window.add(k.within)
		result.Done += k.done
		for _, ns := range k.sojourn {
			record(result.Sojourn, ns)
		}
		for s, t := range k.stages {
			result.Stages[s].Add(t)
		}
	}
	return *result
}
