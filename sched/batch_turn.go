package sched

import "math"

// turn learns what a batch costs its worker outside of the handler: the time of workers that is in no handler and in no idle loop, fitted to a + c·b over the
// batches of all stages. A batch that is in a handler counts as outside until it ends, and as less than nothing then: over some looks that evens out.
type turn struct {
	a float64 // ns for a batch, whatever its size; what comes with each event is no matter here

	at              int64   // of the look before,
	rest            int64   // when workers had rested for so long, all together,
	all             Moments // and had done these batches
	n, b, t, bb, bt float64 // as in Moments, of one look as if all its batches were alike; older ones count less
}

// see takes in a snapshot.
func (t *turn) see(y *System, s *Snapshot) {
	rest, all := int64(0), Moments{}
	for _, w := range s.Workers {
		rest += w.Idle + w.Parked
	}
	for i := range s.Stages {
		if m := &s.Stages[i].Batches; y.Stages[i].Threads == 0 {
			all.N, all.B, all.T = all.N+m.N, all.B+m.B, all.T+m.T
		}
	}
	m, ns := all.Sub(t.all), s.Now-t.at
	if t.at > 0 && (m.N == 0 || m.B == 0 || ns <= 0) {
		return
	}
	if t.at > 0 {
		t.add(float64(m.N), float64(m.B), float64(int64(len(s.Workers))*ns-(rest-t.rest))-float64(m.T), ns)
	}
	t.at, t.rest, t.all = s.Now, rest, all
}

// add adds n batches of b events, which took ns outside of handlers, in an interval.
func (t *turn) add(n, b, ns float64, interval int64) {
	keep := math.Exp2(-float64(interval) / fitHalf)
	t.n, t.b, t.t = float64(keep*t.n)+n, float64(keep*t.b)+b, float64(keep*t.t)+ns
	t.bb, t.bt = float64(keep*t.bb)+b*b/n, float64(keep*t.bt)+b*ns/n
	meanB, meanT := t.b/t.n, max(t.t/t.n, 0)
	if spread := t.bb/t.n - float64(meanB*meanB); spread >= float64(fitSpread*meanB*meanB) {
		c := max((t.bt/t.n-float64(meanB*t.t/t.n))/spread, 0)
		t.a = max(meanT-float64(c*meanB), 0)
	}
	t.a = min(t.a, meanT)
}
