package sched

import (
	"fmt"
	"math"
)

const (
	kneeShare    = 128 // at the knee the fixed part of a batch is this part of the rest: 0.8 %
	sharedShare  = 8   // where others wait, a batch beyond the quantum is no longer than makes it this part
	targetShare  = 4   // of a target, by how many a batch in each of the stages on the way may take
	calmBelow    = 0.5 // mean wait of the oldest event over mean time of a batch, below which nothing waits for long
	busyAbove    = 1
	fewBatches   = 32  // a reading has at least so many,
	fewTime      = 2e5 // ns in the handler, for what takes less time than that says more of interrupts than of batches,
	shortReading = 2e6 // and lasts so long, in which batches of the cap before are few, or is as long as that
	longReading  = 2e7 // ns
	sharedFor    = 1e9 // ns for which a stage that shared its worker is taken to do so
	batchLook    = 2e6 // ns from one decision to the next while a batch is on trial
	batchSettle  = 5e7 // ns from another assignment to the first trial under it: a search for assignments is not judged by batches on trial, nor these by it
)

// Batch makes the law of batches: for each stage the most events that a batch may have. A batch takes what is there and never waits for more, so a
// larger cap matters only while events queue.
//
// A batch of b events costs a + c·b (line, and what a worker does between two batches: turn), and an event in it a/b + c. The cap is
//
//	the knee, 128·a/c, where a/b is 0.8 % of c,
//	  but at most (T/(4·d) - a)/c, for the smallest target T of a source whose events come by, and d stages on their way,
//	  and at most max((Q - a)/c, 8·a/c) for the quantum Q, while another stage of the same workers has something to do,
//	  and 1 while nothing waits for long, if a < c/2 or the stage blocks.
//
// The last is for the first event of a batch, which waits for the last one. With M/D/1 at 30 % of what batches of 1 can do, the 99th percentile of
// the response time under the knee is 0.69 of that under batches of 1 for a = 10·c, 0.97 for a = c/2, and 1.20 for a = c/20.
//
// No cap is taken on the model's word alone: see sizing. That the model can be solved for the knee, instead of climbing the output rate step by step,
// is what the law has over the one of M. Welsh, D. Culler, E. Brewer, "SEDA", SOSP 2001.
func Batch(y *System) (Policy, error) {
	n := len(y.Stages)
	l := &batching{y: y, stages: make([]sizing, n), from: make([][]int, n), alone: make([]bool, n)}
	for i := range l.stages {
		l.stages[i].open(&y.Stages[i], y.batchTime(i))
		for _, k := range y.Stages[i].Next {
			l.from[k] = append(l.from[k], i)
		}
	}
	return l, nil
}

type batching struct {
	y      *System
	stages []sizing
	from   [][]int // by stage: those before it
	alone  []bool  // by stage, scratch: see share
	next   int     // the stage that has a trial, or is the next to begin one
	moved  Set     // stages whose caps the last decision changed, or that had a trial
	turn   turn
	epoch  uint64 // of the assignment,
	since  int64  // which holds since then
}

// Decide lets stages have their trials one after the other. What a stage tries also changes what others cost: batches that fit under the cap of the next
// stage are handed over to it, others go through a ring and come out cut up. If all tried at once each would take what others do for another cost.
func (l *batching) Decide(s *Snapshot, d *Draft) {
	l.share(s, d)
	l.fed(s)
	l.turn.see(l.y, s)
	if s.Epoch != l.epoch || !s.Settled {
		l.epoch, l.since = s.Epoch, s.Now
	}
	last := l.moved
	l.moved = Set{}
	moved := last.Len()
	for k, n := l.next, len(l.stages); n > 0; n-- {
		l.decide(k, s, d, moved > btoi(last.Has(k)))
		if k++; k == len(l.stages) {
			k = 0
		}
	}
	if l.stages[l.next].trial.with > 0 {
		d.Wait(batchLook)
	}
}

// decide decides about one stage. If mixed, the last decision moved others.
func (l *batching) decide(i int, s *Snapshot, d *Draft, mixed bool) {
	z := &l.stages[i]
	tried := z.trial.with > 0
	if !l.alone[i] {
		z.shared = s.Now + sharedFor
	}
	quantum := math.Inf(1)
	if z.least = 0; s.Now < z.shared {
		quantum = float64(l.y.Quantum)
		for _, k := range l.from[i] {
			z.least = max(z.least, l.stages[k].size)
		}
	}
	if n := d.Plan.Threads[i]; n != z.threads {
		z.threads = n
		z.drop()
	}
	z.turn = 0
	if z.stage.Threads == 0 {
		z.turn = l.turn.a // else its workers do not run the handler
	}
	if l.since == s.Now {
		mixed = true
		z.abandon()
	}
	z.mixed = z.mixed || mixed
	held := d.Plan.Batch[i]
	may := s.Now-l.since >= batchSettle && (l.next == i || l.stages[l.next].trial.with == 0)
	most, why := z.step(&s.Stages[i], s.Now, held, quantum, may)
	if most != held || z.trial.with > 0 {
		l.moved.Add(i)
	}
	if z.trial.with > 0 {
		l.next = i
	} else if tried {
		l.next = (i + 1) % len(l.stages)
	}
	d.SetBatch(i, most, why)
}

// fed finds which stages are the first that events come to, as a rule: a stage that has a source need not be.
func (l *batching) fed(s *Snapshot) {
	for i := range l.stages {
		l.stages[i].fed = 0
	}
	for k, c := range l.y.Sources {
		l.stages[c.Stage].fed += s.Sources[k].Accepted
	}
	for i := range l.stages {
		z := &l.stages[i]
		z.first = z.fed > s.Stages[i].Entered/2
	}
}

// share finds which stages are alone: none of their workers has another stage to serve, with something to do.
func (l *batching) share(s *Snapshot, d *Draft) {
	for i := range l.alone {
		l.alone[i] = true
	}
	for _, list := range d.Plan.Serve {
		waiting, last := 0, -1
		for _, k := range list {
			if s.Stages[k].Depth > 0 {
				waiting, last = waiting+1, k
			}
		}
		for _, k := range list {
			l.alone[k] = l.alone[k] && (waiting == 0 || waiting == 1 && k == last)
		}
	}
}

// step takes in a sample of the stage, which has run under a cap (0: none), and returns the cap for the time to come.
func (z *sizing) step(s *StageSample, now int64, held int, quantum float64, may bool) (most int, why string) {
	if held == 0 {
		held = z.stage.MaxBatch
	}
	if z.at > 0 {
		z.reading.add(&z.before, s, now-z.at, z.stage.Threads > 0)
	}
	first := z.at == 0
	z.before, z.at = *s, now
	z.before.Sojourn = nil
	if first {
		return z.size, "to begin with"
	}
	r := z.reading
	if (r.n < fewBatches || r.raw < fewTime || r.ns < shortReading) && r.ns < longReading {
		return held, ""
	}
	z.reading = reading{}
	if r.n == 0 || r.b == 0 || r.t <= 0 {
		return z.inVain(held)
	}
	if held != z.last {
		r.level()
		z.last = held
	}
	z.learn(&r, held)
	if z.bound = z.bounds(quantum); z.size <= z.bound+z.bound/16 {
		z.bound = max(z.bound, z.size) // which is not to follow every digit
	} else {
		z.size, z.trial = z.bound, trial{}
		return z.size, fmt.Sprintf("bound by a target or the quantum; %v", &z.line)
	}
	most, why = z.search(&r, held, now, may)
	z.mixed = false
	return most, why
}

// learn takes in a reading under a cap.
func (z *sizing) learn(r *reading, held int) {
	z.crowd += (r.wait/r.raw - z.crowd) / 4
	switch {
	case z.crowd > busyAbove:
		z.calm = false
	case z.crowd < calmBelow:
		z.calm = true
	}
	if r.b >= float64(z.bad)*r.n {
		return // beyond what the line is for
	}
	if held == z.trial.with && z.trial.kind == tryLarger {
		if seen := &z.trial.seen; seen.n == 0 || r.each() < seen.each() {
			*seen = *r // which may be of another line
		}
		return
	}
	if z.mixed && z.trial.with == 0 || held != z.trial.with && z.differs(r, held) {
		return
	}
	z.line.add(r, r.ns)
}

// bounds returns the largest batch for the target and the quantum.
func (z *sizing) bounds(quantum float64) int {
	l := &z.line
	if l.c == 0 {
		return z.stage.MaxBatch
	}
	n := min(max(l.within(quantum), int(sharedShare*l.a/l.c)), l.within(z.time), z.stage.MaxBatch)
	return max(n, 1)
}

// knee returns the batch beyond which there is little to gain, by the line, and one that is surely beyond it; neither is larger than allowed.
func (z *sizing) knee() (likely, surely int) {
	if !z.line.sure {
		return z.bound, z.bound
	}
	least := float64(max(1, z.least))
	at := func(a float64) int { return int(min(max(math.Ceil(kneeShare*a/z.line.c), least), float64(z.bound))) }
	return at(z.line.a + z.turn), at(z.line.a + z.turn + z.line.doubt)
}

// rest returns the cap for a stage whose events hardly wait, or 0 if the first of a batch gains more from its size than it loses.
func (z *sizing) rest() int {
	switch {
	case !z.calm:
		return 0
	case z.stage.Threads > 0:
		return 1
	case !z.first:
		return 0 // they came together
	case z.line.sure && z.line.a < z.line.c/2:
		return 1
	case !z.line.sure:
		return min(2, z.size) // which varies
	}
	return 0
}

// differs notes whether a reading is far from what was to be expected, and forgets all if several are, in a row and to the same side.
func (z *sizing) differs(r *reading, held int) bool {
	off := 0.0
	switch {
	case z.line.sure:
		off = z.line.off(r)
	case z.usual > 0 && held == z.size:
		off = math.Log(r.each() / z.usual)
	}
	if math.Abs(off) <= lineOff {
		z.odd = 0
		return false
	}
	if more := off > 0; more != z.more {
		z.more, z.odd = more, 0
	}
	if z.odd++; z.odd == lineOffTimes {
		z.odd = 0
		z.forget()
	}
	return true
}
