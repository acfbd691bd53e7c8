package sched

import (
	"fmt"
	"math"
)

const (
	firstBatch   = 2    // where the search begins: what fits into no cache is found from below
	lineOff      = 0.15 // relative error of the line that tells of another cost
	lineOffTimes = 5    // readings in a row
	trialOff     = 0.04 // relative error of the line with which batches on trial do not change it
	trialPairs   = 5    // most pairs of readings in a trial
	trialDecides = 0.05 // logarithm of a ratio of costs that decides after two
	climbGain    = 0.02 // with which the next larger batch is tried before the line is sure
	trialGain    = 0.01 // gain by the model that is worth a trial
	ditherApart  = 16   // readings between two looks beside the batch in use; twice as many each time, while the line stays uncertain
	ditherMost   = 128
	doubtBad     = 1.5e9 // ns after which what was bad is tried again
	doubtFirst   = 4e9   // and a much smaller batch, each time twice as long
	doubtLast    = 64e9
)

// sizing finds the batch of one stage, with the line to say where to look and the guard to say whether it was right: cost per event, in readings that
// alternate between the batch in use and another, so that a change of anything else falls on both. Size is the batch in use, bad the smallest that is known to
// cost more. While the knee is beyond size, size tries twice as much (four times, if the line is sure), and once there is a bad one what is in between: a
// cache that is too small for a batch shows as a bad size, whatever the line says. If the knee is below, it tries the knee. Otherwise it looks at half the size
// when the line has become uncertain for want of variation (dither), and at what it knows to be bad, or at an eighth, every few seconds (doubt). If the
// line is off by 15 %, to the same side, in five readings in a row the cost is another: all is forgotten. Only readings with full batches judge.
type sizing struct {
	stage *Stage
	time  float64 // ns that a batch may take for a target
	line  line
	size  int
	bad   int // beyond MaxBatch: none
	low   int // smaller than size and known to cost more, where the cheapest may lie in between; 0: none
	bound int // for target and quantum
	crowd float64
	calm  bool
	odd   int  // readings in a row that the line was off
	more  bool // they took longer than it says
	stale bool // size was found for another cost
	climb bool // the last larger batch paid, or there was none yet
	skip  bool // the next reading still has batches as they were

	reading reading
	before  StageSample
	at      int64
	last    int   // the cap of the reading before
	threads int   // how many batches may be in the handler at a time
	shared  int64 // until when the stage shares its workers

	trial   trial
	quiet   int     // readings since the last trial
	apart   int     // so many before the next dither
	again   int64   // when to try again what was bad
	doubt   int64   // when to try a much smaller batch
	patient int64   // ns from then to the next
	cost    float64 // the last reading with batches of size
	usual   float64 // its moving average while nothing is tried; 0: none yet
	miss    float64 // and its cache misses per event
}

func (z *sizing) open(s *Stage, time float64) {
	z.stage, z.time = s, time
	z.size, z.bad, z.bound, z.calm = min(firstBatch, s.MaxBatch), s.MaxBatch+1, s.MaxBatch, true
	z.patient, z.climb, z.apart = doubtFirst, true, ditherApart
}

// drop drops what a change of the number of threads has made wrong; the size may still be right.
func (z *sizing) drop() { z.line, z.usual, z.odd, z.trial = line{}, 0, 0, trial{} }

// forget drops what was learnt, but for the size, until it can be searched again.
func (z *sizing) forget() {
	z.line, z.bad, z.low, z.trial, z.stale = line{}, z.stage.MaxBatch+1, 0, trial{}, true
	z.again, z.doubt, z.patient = 0, z.at+doubtFirst, doubtFirst
}

// trial compares batches of another size with those in use.
type trial struct {
	with    int // 0: no trial
	allowed float64
	kind    trialKind
	pairs   int
	base    float64 // least cost of an event with batches of size: what else takes the CPU only adds to it
	cost    float64 // and with the others
	miss    float64 // the last misses per event with the others
	vain    int     // readings in a row without full batches
	seen    reading // the cheapest of larger batches, until they are accepted: what else takes the CPU must not bend the line
}

type trialKind int

const (
	tryLarger trialKind = iota
	trySmaller
	tryBetween
	tryDither
	tryScout // much smaller: whether there is a better place altogether
)

// search takes in a reading under a cap and returns the next one.
func (z *sizing) search(r *reading, held int, now int64) (most int, why string) {
	full := r.b >= 0.8*float64(held)*r.n && r.b <= 1.2*float64(held)*r.n
	z.quiet++
	if most := z.rest(); most > 0 {
		if z.trial = (trial{}); most == held {
			return held, "" // reasons take longer to write than all the rest
		}
		return most, fmt.Sprintf("events wait for %.2g of a batch; %v", z.crowd, &z.line)
	}
	switch {
	case !full:
		return z.idle(held)
	case z.trial.with == 0 && held == z.size:
		z.cost, z.miss = r.each(), r.misses/r.b
		if z.usual == 0 {
			z.usual = z.cost
		}
		z.usual += (z.cost - z.usual) / 8
		return z.propose(now)
	case z.trial.with == held && held != z.size:
		z.trial.cost, z.trial.miss, z.trial.vain = min(z.trial.cost, r.each()), r.misses/r.b, 0
		return z.compare(now)
	case held == z.size:
		z.trial.base, z.miss, z.trial.vain = min(z.trial.base, r.each()), r.misses/r.b, 0
		return z.trial.with, "trial goes on"
	}
	return z.size, "batches are full"
}

// idle is what to do while batches are not full, when the cap is no matter and nothing can be tried.
func (z *sizing) idle(held int) (most int, why string) {
	if z.trial.with > 0 {
		if z.trial.vain++; z.trial.vain < 3 {
			return held, ""
		}
		z.trial = trial{}
		z.quiet = 0
	}
	if _, k := z.knee(); float64(k)*1.3 < float64(z.size) {
		z.size = k
		return z.size, fmt.Sprintf("knee; %v", &z.line)
	}
	return z.size, "batches are not full"
}

// propose begins a trial, if there is anything to try.
func (z *sizing) propose(now int64) (most int, why string) {
	if z.stale {
		z.stale, z.climb, z.skip = false, true, true
		z.size, z.line, z.usual = min(firstBatch, z.bound), line{}, 0
		return z.size, "batches cost something else than they did: from the beginning"
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
	case float64(surely)*1.3 < float64(z.size):
		return z.begin(trial{with: surely, kind: trySmaller, allowed: 0.01}, fmt.Sprintf("trial, the knee; %v", &z.line))
	case z.bad <= z.stage.MaxBatch && now >= z.again:
		return z.begin(trial{with: z.bad, kind: tryLarger, allowed: 0.005}, "trial, it cost more a while ago")
	case now >= z.doubt:
		z.doubt, z.patient = now+z.patient, min(2*z.patient, doubtLast)
		return z.begin(trial{with: z.size / 8, kind: tryScout}, "trial, whether a cache holds less")
	case z.line.sure:
		z.apart = ditherApart
	case z.quiet >= z.apart:
		z.apart = min(2*z.apart, ditherMost)
		return z.begin(trial{with: z.beside(), kind: tryDither}, "to learn what a batch costs")
	}
	return z.size, ""
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
	step := 2
	if z.line.sure && z.again == 0 {
		step = 4 // nothing was ever bad
	}
	with := min(knee, step*z.size)
	if z.bad > z.stage.MaxBatch {
		return with
	}
	if z.line.sure && z.line.each(z.size)-z.line.each(max(z.bad-1, 1)) < trialGain*z.line.each(z.size) {
		return 0
	}
	middle := int(math.Sqrt(float64(z.size) * float64(z.bad)))
	if with = min(with, max(middle, z.size+1)); with >= z.bad {
		return 0
	}
	return with
}

// beside returns the batch to dither with.
func (z *sizing) beside() int {
	if z.size == 1 {
		return 2
	}
	return z.size / 2
}

// compare judges a trial after a reading of the other batch.
func (z *sizing) compare(now int64) (most int, why string) {
	t := &z.trial
	ratio := math.Log(t.cost/t.base) - t.allowed
	if t.miss > 1.5*z.miss && t.miss > 0.1 && t.kind == tryLarger {
		ratio = max(ratio, trialDecides) // what falls out of the cache is paid for by others, too
	}
	t.pairs++
	if t.kind == tryDither && ratio > -trialDecides {
		z.trial = trial{}
		return z.size, "back"
	}
	if t.pairs < 2 || math.Abs(ratio) < trialDecides && t.pairs < trialPairs {
		return z.size, "trial goes on"
	}
	return z.decide(*t, ratio <= 0, now)
}

func (z *sizing) decide(t trial, better bool, now int64) (most int, why string) {
	z.trial = trial{}
	percent := 100 * (t.cost/t.base - 1)
	why = fmt.Sprintf("%+.2g %% an event with batches of %d", percent, t.with)
	if !better {
		z.climb = false
		switch t.kind {
		case tryLarger:
			z.bad, z.again = min(z.bad, t.with), now+doubtBad
		case tryBetween:
			z.low = t.with
		case trySmaller:
			z.line = line{} // it said otherwise
		}
		return z.size, why
	}
	z.low = 0
	switch t.kind {
	case tryLarger:
		if z.begins(&t) {
			z.low, z.line = z.size, line{}
		} else {
			z.line.add(&t.seen, 0)
		}
		if t.with >= z.bad {
			z.bad = z.stage.MaxBatch + 1
		}
	case tryBetween:
		z.bad, z.again = z.size, now+doubtBad
	case tryScout:
		z.bad, z.again = z.size, now+doubtBad
		z.line = line{}
	}
	z.size, z.cost, z.usual = t.with, t.cost, t.cost
	z.climb = t.kind == tryLarger && t.pays()
	return z.size, why
}

// pays reports whether the other size costs clearly less.
func (t *trial) pays() bool { return t.cost < (1-climbGain)*t.base }

// begins reports whether a larger batch that was cheaper was so by less than the line says: something begins to cost more on the way there.
func (z *sizing) begins(t *trial) bool {
	if !z.line.sure {
		return !t.pays() || z.bad <= z.stage.MaxBatch
	}
	return t.cost/t.base > 1.03*z.line.each(t.with)/z.line.each(z.size)
}
