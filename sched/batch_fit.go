package sched

import (
	"fmt"
	"math"
)

const (
	fitHalf   = 1e9  // ns after which a batch counts half
	lostMost  = 0.99 // of a reading may be taken out of it
	fitSpread = 5e-4 // the least variance of b, in squares of its mean, that says which part of t is a
	fitNoise  = 0.01 // the least relative error that a reading is taken to have
)

// line fits t = a + c·b to the batches of a stage by least squares, in which older batches count less. How far off a reading may be is learnt from how
// far off they were, since the sums hold no squares of t; batches of one reading share its error, as they do when another process takes the CPU.
type line struct {
	a, c  float64 // ns for a batch, ns for an event
	doubt float64 // standard error of a
	sure  bool    // it is less than half of a, or than a hundredth of a mean batch

	n, b, t, bb, bt float64 // as in Moments
	readings        float64 // how many
	error           float64 // mean square of the relative error of a reading
}

// add takes in a reading that ends ns after the last one.
func (l *line) add(r *reading, ns int64) {
	if e := l.off(r); l.sure {
		l.error += (min(e*e, 0.25) - l.error) / 16
	}
	keep := math.Exp2(-float64(ns) / fitHalf)
	for _, sum := range []struct {
		old *float64
		new float64
	}{
		{&l.n, r.n}, {&l.b, r.b}, {&l.t, r.t}, {&l.bb, r.bb}, {&l.bt, r.bt}, {&l.readings, 1},
	} {
		*sum.old = float64(*sum.old*keep) + sum.new
	}
	if was := *l; was.sure {
		if l.solve(); !l.sure {
			l.hold(&was)
		}
		return
	}
	l.solve()
}

// hold goes on with the parts that a and c had, at the cost that batches have now: while b does not vary nothing says that they are others.
func (l *line) hold(was *line) {
	by := l.t / (float64(was.a*l.n) + float64(was.c*l.b))
	if !(by > 0 && by <= math.MaxFloat64) { // batches took no time, or have taken none before: no parts of that
		return
	}
	l.a, l.c, l.doubt, l.sure = was.a*by, was.c*by, was.doubt*by, true
}

// restart forgets what batches cost, but for the parts that a and c have of it.
func (l *line) restart() {
	l.n, l.b, l.t, l.bb, l.bt, l.readings = 0, 0, 0, 0, 0, 0
}

func (l *line) solve() {
	meanB, meanT := l.b/l.n, l.t/l.n
	spread := l.bb/l.n - float64(meanB*meanB)
	if l.a, l.c, l.sure = 0, l.t/l.b, false; spread < float64(fitSpread*meanB*meanB) {
		return // b does not vary
	}
	l.c = (l.bt/l.n - float64(meanB*meanT)) / spread
	if l.a = meanT - float64(l.c*meanB); l.a < 0 {
		l.a, l.c = 0, meanT/meanB
	}
	if l.c <= 0 {
		l.a, l.c = meanT, float64(1e-3*meanT/meanB)
	}
	l.doubt = meanT * math.Sqrt(max(l.error, fitNoise*fitNoise)/l.readings/spread) * meanB
	l.sure = l.doubt <= max(l.a/2, 0.01*meanT)
}

// off returns by how much a reading took longer than the fit says: the logarithm of the ratio.
func (l *line) off(r *reading) float64 {
	return math.Log(r.t / (float64(l.a*r.n) + float64(l.c*r.b)))
}

// each returns what an event costs in batches of b.
func (l *line) each(b int) float64 { return l.a/float64(b) + l.c }

// within returns the largest batch that takes at most ns.
func (l *line) within(ns float64) int { return int(min((ns-l.a)/l.c, math.MaxInt32)) }

func (l *line) String() string {
	if !l.sure {
		return fmt.Sprintf("%v an event, a fit is uncertain", short(l.t/max(l.b, 1)))
	}
	return fmt.Sprintf("a batch costs %v + %v an event", short(l.a), short(l.c))
}

// reading is what a stage did in a while: Moments, without what was not the handler's doing.
type reading struct {
	n, b, t, bb, bt float64
	raw             float64 // t as it was
	wait            float64 // ns, sum over batches
	misses          float64
	ns              int64 // how long the while was
}

// add adds what came between two samples. A handler that sleeps in the middle of a batch is no costlier for it; that of a blocking stage is there to sleep.
func (r *reading) add(from, to *StageSample, ns int64, blocking bool) {
	m := to.Batches.Sub(from.Batches)
	lost, all := 0.0, float64(m.T)
	if to.Known && from.Known && !blocking {
		lost = min(max(float64(to.Blocked-from.Blocked), 0), lostMost*all)
	}
	r.n += float64(m.N)
	r.b += float64(m.B)
	r.raw += all
	r.t += all - lost
	r.bb += float64(m.BB)
	r.bt += float64(m.BT)
	if lost > 0 {
		r.bt -= float64(m.BT) * (lost / all) // the longer a batch takes, the likelier it is to be the one
	}
	r.wait += float64(to.Wait - from.Wait)
	r.misses += float64(to.Misses - from.Misses)
	r.ns += ns
}

// level takes all batches to be like their mean. Where the cap was another one before, a batch that was in flight then would count too much.
func (r *reading) level() { r.bb, r.bt = r.b*r.b/r.n, r.b*r.t/r.n }

// each returns what an event cost, all in all: what the guard goes by.
func (r *reading) each() float64 { return r.raw / r.b }
