package sched

import (
	"fmt"
	"math"
)

const (
	lineOff      = 0.15 // relative error of the line that tells of another cost
	lineOffTimes = 5    // readings in a row
	trialGain    = 0.01 // gain by the model that is worth a trial
	idleEnough   = 16   // readings, decayed, of a line that is believed untried
	scoutStep    = 4    // from one size of a round of scouts to the next
	ditherApart  = 16   // readings between two looks beside the batch in use; twice as many each time, while the line stays uncertain
	ditherMost   = 1 << 14
	againFirst   = 1.5e9 // ns after which what was bad is tried again, each time twice as long
	doubtFirst   = 4e9   // and much smaller batches
	doubtLast    = 64e9
)

// sizing finds the batch of one stage, with the line to say where to look and the guard to say whether it was right: cost per event, in readings that
// alternate between the batch in use and another, so that a change of anything else falls on both. Size is the batch in use, at first the largest; bad
// the smallest that is known to cost more. A round of scouts tries half of it, then a quarter, a sixteenth and so on: whether a cache holds less.
// While the knee is beyond size, size tries twice as much (four times, if the line is sure and nothing bad), and once there is a bad one what
// is in between. If the knee is below, it tries the knee. While the line has never been sure it looks at half the size (dither). What was
// refused is tried again after some seconds, and then after twice as many each time, up to 64. If the line is off by 15 %, to the same side, in
// five readings in a row the cost is another: all is forgotten but for the size and tried anew, once in a time that doubles likewise. Only
// readings with full batches judge, and none in which another stage had a trial.
type sizing struct {
	stage *Stage
	time  float64 // ns that a batch may take for a target
	fed   uint64  // events that came from sources
	first bool    // those are most
	line  line
	size  int
	bad   int // beyond MaxBatch: none
	low   int // smaller than size and known to cost more, where the cheapest may lie in between; 0: none
	small int // the knee, when it was tried and cost more; 0: none
	bound int // for target and quantum
	least int // a smaller batch than this would keep others from being handed over
	crowd float64
	calm  bool
	odd   int  // readings in a row that the line was off
	more  bool // they took longer than it says
	climb bool // the last larger batch paid, or there was none yet
	mixed bool // another stage had a trial during the reading

	reading reading
	before  StageSample
	at      int64
	last    int     // the cap of the reading before
	turn    float64 // ns that a batch takes outside of its handler
	threads int     // how many batches may be in the handler at a time
	shared  int64   // until when the stage shares its workers

	trial trial
	scout int     // the size of the last scout; 0: no round
	quiet int     // readings since the last trial
	apart int     // so many before the next dither
	half  float64 // what half the size cost in the round, in parts of what size did; 0: not known
	doubt backoff // when to send out scouts
	again backoff // when to try again what was bad
	trust backoff // until when another cost is no reason to try again
	cost  float64 // the last reading with batches of size
	usual float64 // its moving average while nothing is tried; 0: none yet
	miss  float64 // and its cache misses per event
}

func (z *sizing) open(s *Stage, time float64) {
	z.stage, z.time = s, time
	z.size, z.bad, z.bound, z.calm = s.MaxBatch, s.MaxBatch+1, s.MaxBatch, true
	z.doubt.wait, z.trust.wait, z.climb, z.apart = doubtFirst, againFirst, true, ditherApart
}

// drop drops what a change of the number of threads has made wrong; the size may still be right.
func (z *sizing) drop() {
	z.line, z.usual, z.odd, z.trial, z.apart = line{}, 0, 0, trial{}, ditherApart
}

// abandon ends a trial that says nothing any more; a round of scouts begins anew.
func (z *sizing) abandon() {
	if z.trial.with > 0 && z.trial.kind == tryScout {
		z.scout, z.doubt.at = 0, z.at
	}
	z.trial = trial{}
}

// forget drops what was learnt, but for the size, and has all of it tried again: once in a while, for a cost that changes all the time is not worth it.
func (z *sizing) forget() {
	z.usual, z.odd = 0, 0
	if !z.trust.due(z.at) {
		z.line.restart()
		z.doubt.at = min(z.doubt.at, z.trust.at) // the line soon fits again, and nothing else would remember
		return
	}
	if z.at > z.trust.at+doubtLast {
		z.trust.wait = againFirst
	}
	z.trust.again(z.at, doubtLast)
	z.drop()
	z.bad, z.low, z.small, z.climb = z.stage.MaxBatch+1, 0, 0, true
	z.doubt = backoff{z.at, doubtFirst}
}

// search takes in a reading under a cap and returns the next one. It begins a trial only if it may.
func (z *sizing) search(r *reading, held int, now int64, may bool) (most int, why string) {
	full := r.b >= 0.8*float64(held)*r.n && r.b <= 1.2*float64(held)*r.n
	z.quiet++
	if most := z.rest(); most > 0 {
		if z.trial, z.scout = (trial{}), 0; most == held {
			return held, "" // reasons take longer to write than all the rest
		}
		return most, fmt.Sprintf("events wait for %.2g of a batch; %v", z.crowd, &z.line)
	}
	t := &z.trial
	switch {
	case t.with == 0 && held != z.size:
		return z.size, "back"
	case t.with == 0 && full:
		return z.propose(r, now, may && !z.mixed)
	case t.with == 0:
		return z.idle(r, now, may && !z.mixed)
	case !full && (t.kind != tryScout || held != z.size):
		return z.inVain(held)
	case t.with == held:
		t.cost, t.miss, t.vain = min(t.cost, r.each()), r.misses/r.b, 0
		return z.compare()
	}
	t.base, z.miss, t.vain = min(t.base, r.each()), r.misses/r.b, 0
	return t.with, "trial goes on"
}

// inVain notes a reading that does not judge, and ends a trial after a few: other stages wait for their turn.
func (z *sizing) inVain(held int) (most int, why string) {
	if z.trial.with == 0 {
		return held, ""
	}
	if z.trial.vain++; z.trial.vain < trialVain {
		return held, ""
	}
	_, _ = z.decide(z.trial, false) // or it would be tried again at once
	z.again.wait = againFirst
	return z.size, "batches are not full"
}

// idle is what to do while batches are not full, when the cap is no matter, unless what comes is much more than a cache holds.
func (z *sizing) idle(r *reading, now int64, may bool) (most int, why string) {
	if _, k := z.knee(); z.line.readings > idleEnough && float64(k)*1.3 < float64(z.size) {
		z.size = k
		return z.size, fmt.Sprintf("knee; %v", &z.line)
	}
	if !may || z.first && z.calm || r.b < 2*scoutStep*r.n {
		return z.size, ""
	}
	return z.look(r, now)
}

// propose begins a trial, if there is anything to try.
func (z *sizing) propose(r *reading, now int64, may bool) (most int, why string) {
	if !z.mixed {
		if z.cost, z.miss = r.each(), r.misses/r.b; z.usual == 0 {
			z.usual = z.cost
		}
		z.usual += (z.cost - z.usual) / 8
	}
	if !may {
		return z.size, ""
	}
	if most, why := z.look(r, now); why != "" {
		return most, why
	}
	if z.low > 0 && z.size-z.low > max(z.size/10, 1) {
		with := int(math.Sqrt(float64(z.low) * float64(z.size)))
		return z.begin(trial{with: max(with, z.low+1), kind: tryBetween, allowed: -0.005}, "trial, it costs more than the line says")
	}
	knee, surely := z.knee()
	if with := z.above(knee); with > z.size {
		allowed := 0.005
		if z.line.sure {
			allowed = 0.02 // its word counts if the readings are close
		}
		return z.begin(trial{with: with, kind: tryLarger, allowed: allowed}, fmt.Sprintf("trial, the knee is %d; %v", knee, &z.line))
	}
	switch {
	case surely > 2*z.small && float64(surely)*1.3 < float64(z.size):
		return z.begin(trial{with: surely, kind: trySmaller, allowed: 0.01}, fmt.Sprintf("trial, the knee; %v", &z.line))
	case z.line.sure:
		z.apart = ditherApart
	case z.quiet >= z.apart:
		z.apart = min(2*z.apart, ditherMost)
		return z.begin(trial{with: z.beside(), kind: tryDither}, "to learn what a batch costs")
	}
	return z.size, ""
}

// look tries what may have changed since it was refused, and smaller and smaller batches. The reading is of what is in use.
func (z *sizing) look(r *reading, now int64) (most int, why string) {
	if z.doubt.due(now) {
		z.doubt.again(now, doubtLast)
		z.scout, z.small = z.size+1, 0
	}
	if z.scout == 0 {
		if z.bad > z.bound || !z.again.due(now) {
			return z.size, ""
		}
		z.again.again(now, doubtLast)
		return z.begin(trial{with: z.bad, kind: tryLarger, allowed: 0.005}, "trial, it cost more a while ago")
	}
	with := min(z.size, int(math.Ceil(1.2*r.b/r.n)))
	if z.scout > z.size {
		z.scout, z.half = z.size, 0
		with /= 2
	} else if z.scout = min(z.scout, with) / scoutStep; z.scout < 1 {
		if half := z.size / 2; z.half > 0 && (!z.line.sure || 1.015*z.half < z.line.each(half)/z.line.each(z.size)) {
			z.low = half
		}
		return z.size, ""
	} else {
		with = z.scout
	}
	z.cost = r.each()
	return z.begin(trial{with: with, kind: tryScout, allowed: -climbGain}, "trial, whether a cache holds less")
}

func (z *sizing) begin(t trial, why string) (int, string) {
	z.quiet = 0
	if t.with < 1 || t.with > z.bound || t.with == z.size {
		return z.size, ""
	}
	z.trial = t
	z.trial.base, z.trial.cost = z.cost, math.Inf(1)
	return t.with, why
}

// above returns the next larger batch to try, or 0.
func (z *sizing) above(knee int) int {
	if knee <= z.size || float64(knee) < 1.1*float64(z.size) || !z.line.sure && !z.climb && z.bad > z.stage.MaxBatch {
		return 0
	}
	if z.bad > z.stage.MaxBatch {
		if z.line.sure {
			return min(knee, 4*z.size)
		}
		return min(knee, 2*z.size)
	}
	if z.line.sure && z.line.each(z.size)-z.line.each(max(z.bad-1, 1)) < trialGain*z.line.each(z.size) {
		return 0
	}
	middle := int(math.Sqrt(float64(z.size) * float64(z.bad)))
	if with := min(knee, 2*z.size, max(middle, z.size+1)); with < z.bad {
		return with
	}
	return 0
}

// beside returns the batch to dither with.
func (z *sizing) beside() int {
	if z.size == 1 {
		return 2
	}
	return z.size / 2
}
