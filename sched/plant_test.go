package sched_test

import (
	"math"
	"math/rand/v2"

	"github.com/seda-go/seda/sched"
)

// plant is what policies are tried on: stages that cost a + c·b a batch, sources, workers, and the threads of blocking stages, moved forward
// one batch at a time. It is deterministic, and shows a policy what the engine would. Plans hold at once. It is no simulator to predict
// with: nothing is charged for wake-ups, moves, rings and caches.
type plant struct {
	sys     *sched.System
	costs   []cost // by stage
	feeds   []feed // by source
	probed  bool   // probes see threads and cache misses
	plan    sched.Plan
	now     int64
	stages  []station
	workers []worker
	idle    int // workers without a batch
	sources []sched.SourceSample
	waits   [][]int64 // by source: from submission to the end of the last stage, of events that ended since the last reset
	chance  *rand.Rand
}

// cost is how long a batch of b events takes, in ns: a for each group of events that is started, c for each event, and what the fields say.
type cost struct {
	a, c     int64
	group    int     // how many events are a group; 0: all of the batch
	knee     int     // how many events fit into a cache; 0: any number
	past     int64   // more for each event past the knee
	all      int64   // more for each event of a batch that does not fit
	contend  float64 // n batches at a time take 1 + contend·(n-1) + coherent·n·(n-1) as long (N. Gunther's universal scalability law)
	coherent float64
	swap     int64   // more for a batch of a worker that ran another stage before
	sleep    int64   // for which the handler is blocked; no worker can do anything else meanwhile
	preempt  int64   // for which the thread has no CPU
	noise    float64 // up to this part more or less
	stall    int64   // for which another process has its CPU, once in 100 ms of work in the mean
}

// feed is what a source offers.
type feed struct {
	rate    float64 // events per second
	poisson bool
	next    int64   // when the next event comes
	tokens  float64 // of a limit with a rate
	filled  int64   // when they were counted
}

type event struct {
	source         int
	born, enqueued int64
}

// station is a stage at work.
type station struct {
	rings   [][]event // 0: what edges bring; then one per source
	from    []int     // the source of each, -1 for edges
	turn    int       // whose turn it is,
	left    int       // and how many events it may bring in this turn
	coming  int       // events in the handlers of stages before, for which room is kept
	running int       // batches in the handler
	threads []batch   // of a blocking stage: those in the handler
	seen    sched.StageSample
	sojourn sched.Histogram
}

// batch is one batch in a handler.
type batch struct {
	stage  int // -1: none
	events []event
	began  int64
	end    int64
	lost   int64 // of it, without a CPU
}

type worker struct {
	batch
	picker sched.Picker
	seen   sched.WorkerSample
	since  int64 // when it last had nothing to do
	last   int   // the stage it ran last
	stolen int64 // ns of each slice in which others have its CPU
}

// slice is how often others take a worker's CPU that share it with it.
const slice = 8_000_000 // ns

// stretch returns how much longer something takes that a worker begins now, since it does nothing in the first part of each slice.
func (p *plant) stretch(w int, took int64) (lost int64) {
	stolen := p.workers[w].stolen
	for at, left := p.now, took; stolen > 0 && left > 0; {
		phase := at % slice
		if phase < stolen {
			lost, at = lost+stolen-phase, at+stolen-phase
			continue
		}
		run := min(slice-phase, left)
		left, at = left-run, at+run
	}
	return lost
}

// newPlant returns a plant that begins under the plan that every worker serves every stage.
func newPlant(y *sched.System, costs []cost, feeds []feed, probed bool) *plant {
	p := &plant{
		sys: y, costs: costs, feeds: feeds, probed: probed, chance: rand.New(rand.NewPCG(1, 2)),
		plan:   sched.NewDraft(y, sched.ServeAll(len(y.Workers), len(y.Stages))).Plan,
		stages: make([]station, len(y.Stages)), workers: make([]worker, len(y.Workers)), idle: len(y.Workers),
		sources: make([]sched.SourceSample, len(feeds)), waits: make([][]int64, len(feeds)),
	}
	for i := range p.stages {
		p.stages[i].rings, p.stages[i].from = make([][]event, 1), []int{-1}
	}
	for k, f := range y.Sources {
		st := &p.stages[f.Stage]
		st.rings, st.from = append(st.rings, nil), append(st.from, k)
		p.set(k, feeds[k].rate)
	}
	for w := range p.workers {
		p.workers[w].stage = -1
		p.workers[w].picker.Reset(len(y.Stages), y.Quantum)
	}
	return p
}

// run moves the plant forward to a time.
func (p *plant) run(until int64) {
	for p.now < until {
		p.arrive()
		next := min(until, p.complete())
		for w := range p.workers {
			for p.workers[w].stage < 0 && p.begin(w) {
			}
		}
		for w := range p.workers {
			if p.workers[w].stage >= 0 {
				next = min(next, p.workers[w].end)
			}
		}
		for i := range p.stages {
			for _, b := range p.stages[i].threads {
				next = min(next, b.end)
			}
		}
		if p.idle > 0 {
			for k := range p.feeds {
				next = min(next, p.feeds[k].next)
			}
		}
		p.now = max(p.now, next)
	}
	p.arrive()
}

// set changes what a source offers from now on.
func (p *plant) set(source int, rate float64) {
	f := &p.feeds[source]
	f.rate = rate
	f.next = p.now + p.gap(f)
}

// gap returns how long after the last event the next one comes.
func (p *plant) gap(f *feed) int64 {
	switch {
	case f.rate <= 0:
		return math.MaxInt64 / 2
	case f.poisson:
		return max(int64(p.chance.ExpFloat64()*1e9/f.rate), 1)
	}
	return max(int64(1e9/f.rate), 1)
}

// arrive lets in or refuses what has come by now.
func (p *plant) arrive() {
	for k := range p.feeds {
		f := &p.feeds[k]
		for ; f.next <= p.now; f.next += p.gap(f) {
			p.sources[k].Offered++
			ring := p.ring(k)
			if !p.admits(k, len(*ring)) {
				p.sources[k].Refused++
				continue
			}
			p.sources[k].Accepted++
			p.stages[p.sys.Sources[k].Stage].seen.Entered++
			*ring = append(*ring, event{k, f.next, f.next})
		}
	}
}

// ring returns the ring of a source.
func (p *plant) ring(source int) *[]event {
	st := &p.stages[p.sys.Sources[source].Stage]
	for i := range st.rings {
		if st.from[i] == source {
			return &st.rings[i]
		}
	}
	return nil
}

// admits reports whether a source may bring in the next event while so many wait.
func (p *plant) admits(source, depth int) bool {
	f, limit, room := &p.feeds[source], p.plan.Admit[source], p.sys.Sources[source].Capacity
	if limit.Depth > 0 {
		room = min(room, limit.Depth)
	}
	if depth >= room {
		return false
	}
	if limit.Rate > 0 {
		f.tokens = min(f.tokens+float64(f.next-f.filled)*limit.Rate/1e9, float64(room))
		f.filled = f.next
		if f.tokens < 1 {
			return false
		}
		f.tokens--
	}
	return true
}

// begin lets an idle worker take a batch, which it runs itself or gives to a thread. It reports false if there is nothing to run.
func (p *plant) begin(w int) bool {
	var ready sched.Set
	for _, s := range p.plan.Serve[w] {
		st := &p.stages[s]
		p.expire(st)
		if st.waiting() == 0 {
			continue
		}
		most, y := p.plan.Threads[s], &p.sys.Stages[s]
		if most == 0 {
			most = y.Threads
		}
		switch {
		case y.Parallel > 0 && st.running >= y.Parallel, y.Threads > 0 && st.running >= most:
		case p.room(s) == 0:
			st.seen.Held++
		default:
			ready.Add(s)
		}
	}
	wk := &p.workers[w]
	s := wk.picker.Pick(&ready)
	if s < 0 {
		return false
	}
	b := p.take(s)
	if p.sys.Stages[s].Threads > 0 {
		p.stages[s].threads = append(p.stages[s].threads, b)
		return true
	}
	if wk.last != s {
		b.end += p.costs[s].swap
	}
	took := b.end - b.began
	lost := p.stretch(w, took)
	b.end += lost
	if p.probed {
		b.lost += lost
		wk.seen.Known = true
		wk.seen.OnCPU += took
		wk.seen.RunDelay += lost
	}
	wk.batch, wk.last = b, s
	wk.seen.Idle += p.now - wk.since
	wk.picker.Charge(s, b.end-b.began)
	p.idle--
	return true
}

// expire discards what has waited longer than the limit of its source allows.
func (p *plant) expire(st *station) {
	for i, k := range st.from {
		if k < 0 || p.plan.Admit[k].Age == 0 {
			continue
		}
		late := 0
		for late < len(st.rings[i]) && p.now-st.rings[i][late].enqueued > p.plan.Admit[k].Age {
			late++
		}
		st.rings[i] = st.rings[i][late:]
		st.seen.Expired += uint64(late)
		st.seen.Done += uint64(late)
	}
}

// waiting returns how many events are in the rings.
func (st *station) waiting() (n int) {
	for _, r := range st.rings {
		n += len(r)
	}
	return n
}

// room returns how many events of a stage's output fit into the rings ahead.
func (p *plant) room(s int) int {
	room := p.sys.Stages[s].MaxBatch
	for _, n := range p.sys.Stages[s].Next {
		st := &p.stages[n]
		room = min(room, max(p.sys.Stages[n].Capacity-len(st.rings[0])-st.coming, 0))
	}
	return room
}

// take begins a batch of a stage. Rings take turns, in which a class has four times as many events as the one below.
func (p *plant) take(s int) batch {
	st, most := &p.stages[s], p.room(s)
	if limit := p.plan.Batch[s]; limit > 0 {
		most = min(most, limit)
	}
	b := batch{stage: s, began: p.now}
	for most = min(most, st.waiting()); len(b.events) < most; {
		r := &st.rings[st.turn]
		n := min(len(*r), st.left, most-len(b.events))
		b.events = append(b.events, (*r)[:n]...)
		*r = (*r)[n:]
		if st.left -= n; st.left == 0 || len(*r) == 0 {
			st.turn = (st.turn + 1) % len(st.rings)
			st.left = p.share(st)
		}
	}
	st.running++
	st.seen.Wait += p.now - oldest(b.events)
	for _, n := range p.sys.Stages[s].Next {
		p.stages[n].coming += most
	}
	b.end = p.now + max(p.service(s, most), 1)
	if p.probed {
		b.lost = p.costs[s].preempt
	}
	return b
}

// share returns how many events the ring whose turn it is may bring before the next has its turn.
func (p *plant) share(st *station) int {
	if k := st.from[st.turn]; k >= 0 && len(st.rings) > 2 {
		return 1 << (2 * p.sys.Sources[k].Class)
	}
	return math.MaxInt
}

// service returns how long a batch of n events takes that has just begun, and counts what probes see of it.
func (p *plant) service(s, n int) int64 {
	k, st := &p.costs[s], &p.stages[s]
	groups := 1
	if k.group > 0 {
		groups = (n + k.group - 1) / k.group
	}
	t := k.a*int64(groups) + k.c*int64(n)
	if k.knee > 0 && n > k.knee {
		t += k.past*int64(n-k.knee) + k.all*int64(n)
		if p.probed {
			st.seen.Misses += uint64(n)
		}
	}
	if k.noise > 0 {
		t = int64(float64(t) * (1 + k.noise*(2*p.chance.Float64()-1)))
	}
	if k.stall > 0 && p.chance.Int64N(100e6) < t {
		t += k.stall
	}
	others := float64(st.running - 1)
	alone := t
	t = int64(float64(t) * (1 + float64(k.contend*others) + float64(k.coherent*others*(others+1))))
	if p.probed {
		st.seen.Known = true
		st.seen.OnCPU += alone
		st.seen.Blocked += t - alone + k.sleep
	}
	return t + k.sleep + k.preempt
}

// complete ends the batches whose time has come, and returns when the next of a thread ends.
func (p *plant) complete() int64 {
	next := int64(math.MaxInt64)
	for w := range p.workers {
		if wk := &p.workers[w]; wk.stage >= 0 && wk.end <= p.now {
			p.finish(&wk.batch)
			wk.stage, wk.since = -1, p.now
			p.idle++
		}
	}
	for i := range p.stages {
		left := p.stages[i].threads[:0]
		for _, b := range p.stages[i].threads {
			if b.end <= p.now {
				p.finish(&b)
			} else {
				left, next = append(left, b), min(next, b.end)
			}
		}
		p.stages[i].threads = left
	}
	return next
}

// finish passes a batch on.
func (p *plant) finish(b *batch) {
	st, n := &p.stages[b.stage], len(b.events)
	st.running--
	st.seen.Done += uint64(n)
	st.seen.RunDelay += b.lost
	st.seen.Batches.Add(uint64(n), uint64(b.end-b.began-b.lost))
	st.sojourn.Add(b.end - oldest(b.events))
	for _, to := range p.sys.Stages[b.stage].Next {
		next := &p.stages[to]
		next.coming -= n
		next.seen.Entered += uint64(n)
		for _, e := range b.events {
			next.rings[0] = append(next.rings[0], event{e.source, e.born, b.end})
		}
	}
	if len(p.sys.Stages[b.stage].Next) == 0 {
		for _, e := range b.events {
			p.waits[e.source] = append(p.waits[e.source], b.end-e.born)
		}
	}
}

// oldest returns when the event was enqueued that has waited longest.
func oldest(events []event) int64 {
	at := events[0].enqueued
	for _, e := range events[1:] {
		at = min(at, e.enqueued)
	}
	return at
}

// snapshot returns what a policy may know now.
func (p *plant) snapshot() *sched.Snapshot {
	s := &sched.Snapshot{Now: p.now, Settled: true}
	for w := range p.workers {
		seen := p.workers[w].seen
		if p.workers[w].stage < 0 {
			seen.Idle += p.now - p.workers[w].since
		}
		s.Workers = append(s.Workers, seen)
	}
	for i := range p.stages {
		st := &p.stages[i]
		seen, sojourn := st.seen, st.sojourn
		seen.Depth, seen.Threads, seen.Sojourn = int(seen.Entered-seen.Done), len(st.threads), &sojourn
		for _, r := range st.rings {
			if len(r) > 0 {
				seen.HeadAge = max(seen.HeadAge, p.now-r[0].enqueued)
			}
		}
		s.Stages = append(s.Stages, seen)
	}
	for k, seen := range p.sources {
		if r := *p.ring(k); len(r) > 0 {
			seen.Depth, seen.HeadAge = len(r), p.now-r[0].enqueued
		}
		s.Sources = append(s.Sources, seen)
	}
	return s
}
