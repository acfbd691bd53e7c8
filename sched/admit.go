package sched

import (
	"fmt"
	"math"
)

// Constants of the admission law.
const (
	admitAim    = 0.8     // part of the target that the gate aims at; the rest is for what no estimate knows: wake-ups, stolen CPU, spread
	admitLeast  = 0.5     // the factor below which no decision lowers anything
	admitLow    = 1. / 16 // bound of a gate's correction
	admitBack   = 1.05    // factor by which it returns to 1, each trimEvery
	admitTwice  = 2       // late heads in a row that say that the estimate is wrong: a single one says that the worker was kept from work
	admitBusy   = 2       // events more than workers that may wait whatever the correction: fewer leave workers idle, and save little time
	admitSmooth = 8       // snapshots over which the time behind the stage is averaged
	admitBehind = 0.5     // part of the target that may be spent behind the stage
	admitPile   = 0.25    // the same where that is with the same workers: they have the time before the stage as well
	admitCalm   = 0.8     // part of what is possible up to which sources that share a gate may each have all of it,
	admitFull   = 1.1     // and from which on each has its share
)

// admission is the law by which seda admits: a gate for every source, which holds between any two events, and a slow trim.
//
// Gate. Limit.Depth is such that an event let in now is done within the part admitAim of its Target: how long a queue may be follows from how
// long it may take (J. Little, "A Proof for the Queuing Formula: L = λW", 1961, read backwards). Workers take what waits in batches, and
// nothing of a batch is done before all of it is. So an event waits for the batch in hand, then for those ahead, then for its own. With
// n batches at a time, at most B events in a batch, e ns per event, and E events of all classes waiting, that is
//
//	2·e·E              while one batch takes all that waits (E <= B),
//	e·B·(1 + E/(n·B))  in whole batches otherwise,
//
// and has to be no more than
//
//	aim = right · (admitAim · Target - time behind the stage, but no more than half of the target)
//
// e is what an event costs the workers of its stage, there and behind, divided by the part of their time that other stages leave them. The highest class
// has all of E; one below has what is done in the same time though events of those above come first: see beside. Sources of a class share that,
// by the larger of the part that was accepted from each lately and of an even part. At least one event may wait. Shares are for sources that want more than there
// is: as long as all of them ask for less, each may have nearly all of E, as the others have hardly anything waiting, and a burst of one need not be refused.
//
// The check needs no estimate: an event that came after the last correction and has waited longer than the aim was let in wrongly, or somebody
// kept the worker from work, which a narrower gate does not mend. So it takes two in a row; then right is cut by as much as the second waits
// too long, at most by half. So it is for the lowest class where the 99th percentile of response times, of 500 batches or more, exceeds the target. It
// returns to 1 by 5 % each 100 ms. It never makes the gate narrower than two events more than there are workers: a gate does not keep workers from work.
//
// The trim sets Limit.Rate: see trim. Limit.Retry is how long it takes until what stands ahead of a refused event is done, or until the
// rate lets in another.
type admission struct {
	y       *System
	m       *meter
	sources []admitted
	members []int // scratch, of a group
	epoch   uint64
	trimmed int64 // when rates and corrections were last decided,
	looked  int64 // and when they last were ahead of time
}

// admitted is one source of an admission.
type admitted struct {
	way
	used   bool    // somebody has offered an event: every stage of an engine has an inlet, and few ever see one
	right  float64 // correction of the gate
	cut    int64   // what came since then came by the gate as it is,
	first  int64   // and what is refused since then is not refused for what came before there was one
	late   int     // late heads in a row
	slow   float64 // ns behind the stage, smoothed
	room   float64 // events that may wait, before rounding; 0: any number
	rate   float64 // events per second; 0: any number
	trust  float64 // part of the capacity that its class and those above can have together
	piles  bool    // what its gate lets in has waited behind the stage for too long, at stages of the same workers: see gated
	rivals []int   // the sources of its stage and of no lower class, itself among them
	group  int     // the lowest index among the sources that need the same workers
}

// Admission makes the law by which seda admits. It decides nothing for sources without a target.
func Admission(y *System) (Policy, error) {
	a := &admission{y: y, m: newMeter(y), sources: make([]admitted, len(y.Sources))}
	for k := range a.sources {
		a.sources[k].right, a.sources[k].trust = 1, 1
		for j, c := range y.Sources {
			if c.Stage == y.Sources[k].Stage && c.Class >= y.Sources[k].Class {
				a.sources[k].rivals = append(a.sources[k].rivals, j)
			}
		}
	}
	return a, nil
}

// Decide sets the limits of sources that have a target.
func (a *admission) Decide(s *Snapshot, d *Draft) {
	a.m.see(s, &d.Plan)
	for k := range a.sources {
		x := &a.sources[k]
		if x.used = s.Sources[k].Offered > 0; !x.used {
			continue
		}
		if s.Now < x.first {
			a.m.rates[k].refused = 0
		}
		before := x.most
		if x.way = a.m.way(a.y.Sources[k].Stage); !math.IsInf(before, 1) {
			x.most = max(x.most, before*a.m.fade)
		}
		if a.y.Sources[k].Target > 0 {
			x.slow += (x.behind - x.slow) / admitSmooth
			a.pile(k)
			a.check(k, s)
			a.gate(k, s, &d.Plan)
		}
	}
	a.trim(s)
	for k := range a.sources {
		if a.sources[k].used && a.y.Sources[k].Target > 0 {
			a.limit(k, s, d)
		}
	}
}

// aim returns in what time the gate of source k wants an event to be done by its own workers, in ns.
func (a *admission) aim(k int) float64 {
	x := &a.sources[k]
	target := float64(a.y.Sources[k].Target)
	return x.right * (admitAim*target - min(x.slow, admitBehind*target))
}

// check corrects the gate where events that it let in turn out to be late.
func (a *admission) check(k int, s *Snapshot) {
	x, target, age := &a.sources[k], float64(a.y.Sources[k].Target), s.Sources[k].HeadAge
	if x.room == 0 {
		return
	}
	late := 0.0
	if s.Now-age > x.cut {
		if late = float64(age) / (admitAim * target); late <= 1 {
			x.late = 0
		} else if x.late++; x.late < admitTwice {
			late, x.cut = 0, s.Now+a.settle(k, s)
		}
	}
	if x.began > x.cut && a.lowest(k) {
		late = max(late, x.tail/target)
	}
	if late > 1 {
		x.right, x.late = max(x.right*max(1/late, admitLeast), admitLow), 0
		x.cut = s.Now + a.settle(k, s)
	}
}

// lowest reports whether no source of a class below leads to the stage of source k: response times are not known by class.
func (a *admission) lowest(k int) bool {
	own := a.y.Sources[k]
	for j, c := range a.y.Sources {
		if c.Stage == own.Stage && c.Class < own.Class && a.m.rates[j].accepted > 0 {
			return false
		}
	}
	return true
}

// settle returns how many ns it takes until the stage of source k has done what it has.
func (a *admission) settle(k int, s *Snapshot) int64 {
	x := &a.sources[k]
	return int64(float64(s.Stages[a.y.Sources[k].Stage].Depth) * x.each / x.servs)
}

// gate finds how many events of source k may wait. As long as nothing is known of what they cost, it goes by how many came within the aim.
func (a *admission) gate(k int, s *Snapshot, plan *Plan) {
	x, stage := &a.sources[k], a.y.Sources[k].Stage
	if x.each == 0 {
		if age := float64(s.Sources[k].HeadAge); age > a.aim(k) {
			x.room = float64(s.Sources[k].Depth) * a.aim(k) / age
		}
		return
	}
	most := float64(a.y.Stages[stage].MaxBatch)
	if b := plan.Batch[stage]; b > 0 {
		most = float64(b)
	}
	all := a.events(k, a.aim(k), most)
	if least := admitBusy + x.servs; all < least {
		all = max(all, min(a.events(k, a.aim(k)/x.right, most), least))
	}
	x.room = max(a.share(k, all), 1) // also while classes above take all there is: 0 would be any number
}

// events returns how many events may wait at the stage of source k to be done within aim, in batches of most.
func (a *admission) events(k int, aim, most float64) float64 {
	x := &a.sources[k]
	if all := aim / 2 / x.each; all <= most {
		return all
	}
	return x.servs * most * max(math.Floor(aim/(x.each*most))-1, 1)
}

// share returns how many events of source k can wait where all could be handled within the aim, were there no others: as many as are done before
// then though those of classes above come first, divided among the sources of its class.
func (a *admission) share(k int, all float64) float64 {
	own, above, offered, accepted, n := a.y.Sources[k].Class, 0.0, 0.0, 0.0, 0.0
	active := func(j int) bool { return j == k || a.m.rates[j].offered > 0 }
	for _, j := range a.sources[k].rivals {
		switch r := &a.m.rates[j]; {
		case a.y.Sources[j].Class > own:
			above += r.accepted
		case active(j):
			offered, accepted, n = offered+r.offered, accepted+r.accepted, n+1
		}
	}
	if above > 0 {
		all = beside(all, min(offered, max(a.sources[k].most-above, 0)), above)
	}
	sum := 0.0
	claim := func(j int) float64 { return max(1/n, a.m.rates[j].accepted/max(accepted, 1e-9)) }
	for _, j := range a.sources[k].rivals {
		if a.y.Sources[j].Class == own && active(j) {
			sum += claim(j)
		}
	}
	part := claim(k) / sum
	return all * (part + (1-part)*spare(a.asked(k)))
}

// asked returns which part of what is possible the sources at the stage of source k ask for: those of its class, and those above, which get it. A spike is not
// waited for.
func (a *admission) asked(k int) float64 {
	sum := 0.0
	for _, j := range a.sources[k].rivals {
		if r := &a.m.rates[j]; a.y.Sources[j].Class > a.y.Sources[k].Class {
			sum += r.accepted
		} else {
			sum += max(r.offered, r.lately)
		}
	}
	return sum / a.sources[k].most
}

// spare returns how much of the others' shares a source may have where so large a part of what is possible is asked for.
func spare(load float64) float64 {
	return min(max((admitFull-load)/(admitFull-admitCalm), 0), 1)
}

// beside returns how many events with a rate of their own are done in the time of all, beside those of classes above, which come first: each then takes a busy
// period of those, which has a mean of 1/part and a variance of (1-part)/part³ (L. Kleinrock, "Queueing Systems", volume 1, 1975, of M/D/1), where part
// is what they leave. It is the n with a mean and a standard deviation that are all together.
func beside(all, own, above float64) float64 {
	part := own / (own + above)
	spread := math.Sqrt(1-part) / max(part, 1e-9)
	root := (math.Sqrt(spread*spread+4*all) - spread) / 2
	return part * root * root
}

// limit drafts the limit of source k.
func (a *admission) limit(k int, s *Snapshot, d *Draft) {
	x, old := &a.sources[k], d.Plan.Admit[k]
	l := Limit{Rate: x.rate * a.drain(k)}
	if x.room > 0 && x.room < float64(a.y.Sources[k].Capacity) {
		l.Depth = steady(old.Depth, x.room)
	}
	if math.Abs(l.Rate-old.Rate) < old.Rate/50 {
		l.Rate = old.Rate
	}
	if l.Depth > 0 && (l.Depth < old.Depth || old.Depth == 0) {
		x.cut = s.Now + a.settle(k, s) // what is in rings and hands came by a wider gate
		if old.Depth == 0 {
			x.first = x.cut
		}
	}
	if l.Depth > 0 || l.Rate > 0 {
		l.Retry = a.retry(k, old.Retry)
	}
	if l != old {
		d.SetLimit(k, l, a.why(k, s))
	}
}

// why says what decided about the limit of source k.
func (a *admission) why(k int, s *Snapshot) string {
	x, r, target := &a.sources[k], &a.m.rates[k], short(float64(a.y.Sources[k].Target))
	if x.each == 0 {
		return fmt.Sprintf("no event is done yet, the oldest waits for %v of %v", short(float64(s.Sources[k].HeadAge)), target)
	}
	return fmt.Sprintf("an event takes %v of %v, %v behind; corrected by %.2f; %.0f/s offered, %.0f/s possible",
		short(x.each), target, short(x.slow), x.right, r.offered, x.most)
}

// retry returns after how many ns a refused caller may try again: the old time unless it is off by a factor of 2.
func (a *admission) retry(k int, old int64) int64 {
	x := &a.sources[k]
	ns := x.slow + a.aim(k)
	if x.rate > 0 {
		ns = max(ns, 1e9/x.rate)
	}
	if ns < 2*float64(old) && 2*ns > float64(old) {
		return old
	}
	return int64(short(ns))
}

// steady rounds room to a depth, unless the old one is close.
func steady(old int, room float64) int {
	if now := float64(old); old > 0 && room > now-0.5 && room < max(now+0.75, 1.25*now) {
		return old
	}
	return max(int(min(room+0.25, math.MaxInt32)), 1)
}
