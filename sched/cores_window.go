package sched

import "math"

// window is the time that an assignment is judged by.
type window struct {
	open    bool
	from    int64
	ticks   int
	stages  []StageSample // at from
	sources []SourceSample
}

func (w *window) close() { w.open = false }

// done begins to count when the plan has been in force for a while, so long that half of what waited then has been through, and reports whether
// enough was seen since.
func (w *window) done(s *Snapshot, l *load, settle, least int) bool {
	switch {
	case l.ticks < settle || l.ticks < coresPatient && l.through < l.waiting/2:
		w.open = false
		return false
	case !w.open:
		w.open, w.from, w.ticks = true, s.Now, 0
		w.stages = append(w.stages[:0], s.Stages...)
		w.sources = append(w.sources[:0], s.Sources...)
		return false
	}
	w.ticks++
	return w.ticks >= coresPatient || w.ticks >= least && w.enough(s, l.demand())
}

// enough reports whether all stages that matter had some batches.
func (w *window) enough(s *Snapshot, demand []float64) bool {
	all := total(demand)
	for i, d := range demand {
		if d > coresMatters*all && s.Stages[i].Batches.N-w.stages[i].Batches.N < coresBatches {
			return false
		}
	}
	return true
}

// rate returns how many events of the input per ns were served since the window began. In a group, whose workers serve all of it, that is the work done in
// proportion to visits, on average over demand: the output once flow is steady, however queues fill and drain. Between groups, and between stages that
// share some of their workers, the one that did the least counts, beyond chance: what outruns it ends up in a ring.
func (w *window) rate(s *Snapshot, l *load, serve [][]int) float64 {
	f, v := newFlows(l.y), make([]float64, len(l.stages))
	f.add(l.y, 0, s, w.stages, w.sources)
	l.visits(&f, v)
	least := math.Inf(1)
	for _, group := range groupsOf(serve, len(v)) {
		work, need, batches := 0.0, 0.0, 0.0
		for _, i := range group {
			g := &l.stages[i]
			work, need = work+f.done[i]*g.cost, need+v[i]*g.cost
			batches += float64(s.Stages[i].Batches.N - w.stages[i].Batches.N)
		}
		if need > 0 {
			least = min(least, work/need*(1+1/math.Sqrt(batches+1)))
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least / float64(max(s.Now-w.from, 1))
}

// groupsOf returns the stages in groups with the same workers.
func groupsOf(serve [][]int, stages int) (groups [][]int) {
	by := workersOf(serve, stages)
	at := map[Set]int{}
	for i, workers := range by {
		k, ok := at[workers]
		if !ok {
			k = len(groups)
			at[workers] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}
