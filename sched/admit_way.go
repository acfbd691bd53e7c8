package sched

import "math"

// way is what lies before an event of a source.
type way struct {
	each   float64 // ns that its own workers spend on it, at its stage and behind, divided by the part of their time that it can have; 0: not known
	servs  float64 // batches that they run at the same time
	behind float64 // ns that it waits after its stage, and is in the hands of other workers
	tail   float64 // ns from submission to the end of the last stage, 99th percentiles added up; 0: nothing new is known
	began  int64   // when what is new begins
	most   float64 // events per second that the narrowest place lets through; of what was seen before, half is left after meterFade
	narrow int     // the stage that this place is
	feet   Set     // the workers it needs
}

// way returns what lies before an event that enters at stage s.
func (m *meter) way(s int) way {
	if m.ways[s].servs == 0 {
		m.ways[s] = m.find(s)
	}
	return m.ways[s]
}

func (m *meter) find(s int) (w way) {
	m.reach(s)
	own := &m.stages[s]
	w.servs = own.servers
	w.narrow, w.most = s, math.Inf(1)
	foreign, rivals := 0.0, 1.0
	for i := range m.stages {
		g, v, part := &m.stages[i], m.visits[i], m.shared(s, i)
		if i == s {
			part = 1
		}
		m.behind[i], m.tails[i] = 0, 0
		if v == 0 {
			if part > 0 && g.busy > 0 {
				foreign, rivals = foreign+g.busy*part, rivals+1
			}
			continue
		}
		w.feet = union(&w.feet, &g.workers)
		w.each += part * v * g.each()
		for _, n := range m.y.Stages[i].Next {
			if n < i && m.visits[n] > 0 {
				to, part := &m.stages[n], m.shared(s, n)
				m.behind[i] = max(m.behind[i], m.behind[n]+part*to.wait+(1-part)*to.delay)
				m.tails[i] = max(m.tails[i], m.tails[n])
			}
		}
		m.tails[i] += max(g.tail, g.t/max(g.n, 1e-9))
		if most := g.servers * 1e9 / (v * g.each()); g.b > 0 && i != s && most < w.most {
			w.most, w.narrow = most, i
		}
	}
	if w.behind = m.behind[s]; own.fresh {
		w.tail, w.began = m.tails[s], own.began
	}
	w.each /= max(1-foreign/own.servers, 1/rivals)
	if near := own.servers * 1e9 / w.each; near <= w.most {
		w.most, w.narrow = near, s
	}
	return w
}

// idle returns the part of its time that the narrowest place on w, the way from a stage, has nothing to do.
func (m *meter) idle(w *way, stage int) float64 {
	g := &m.stages[w.narrow]
	if w.narrow != stage || m.y.Stages[stage].Threads > 0 {
		return 1 - min(g.busy/g.servers, 1)
	}
	sum := 0.0
	for i := g.workers.Next(0); i >= 0; i = g.workers.Next(i + 1) {
		sum += m.unused[i]
	}
	return sum / float64(max(g.workers.Len(), 1))
}

// help reports whether somebody has nothing to do most of the time who could run the narrowest place on w.
func (m *meter) help(w *way) bool {
	y, g := &m.y.Stages[w.narrow], &m.stages[w.narrow]
	if y.Threads > 0 {
		return g.servers < float64(y.Threads)
	}
	if y.Parallel > 0 && g.servers >= float64(y.Parallel) {
		return false
	}
	for _, part := range m.spare {
		if part > meterSpare {
			return true
		}
	}
	return false
}

func union(a, b *Set) Set {
	u := *a
	for k := range u {
		u[k] |= b[k]
	}
	return u
}
