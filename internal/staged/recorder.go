package staged

import (
	"slices"
	"sync"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/sched"
)

// recorder is a policy that lets another one decide, and notes what that saw and decided. So the time line costs no thread of its own, and
// has what the control loop has; while that sleeps, since nothing happens, there is none.
type recorder struct {
	every int64
	graph *workload.Graph
	inner sched.Policy
	y     *sched.System
	order []int // the engine's numbers of the graph's stages

	mu      sync.Mutex // guards what follows
	moments []report.Moment
}

// around returns a maker of what inner makes, seen through r.
func (r *recorder) around(inner sched.Maker) sched.Maker {
	return func(y *sched.System) (_ sched.Policy, err error) {
		r.y = y
		for i := range r.graph.Stages() {
			r.order = append(r.order, slices.IndexFunc(y.Stages, func(s sched.Stage) bool { return s.Name == r.graph.Name(i) }))
		}
		r.inner, err = inner(y)
		return r, err
	}
}

// Decide lets the other one decide.
func (r *recorder) Decide(s *sched.Snapshot, d *sched.Draft) {
	r.inner.Decide(s, d)
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.moments); n == 0 || s.Now-r.moments[n-1].At >= r.every {
		r.moments = append(r.moments, r.moment(s, &d.Plan))
	}
}

func (r *recorder) moment(s *sched.Snapshot, p *sched.Plan) report.Moment {
	m := report.Moment{At: s.Now}
	for i := range s.Sources {
		m.Accepted += s.Sources[i].Accepted
		m.Refused += s.Sources[i].Refused
	}
	cores := make([]int, len(s.Stages))
	for _, list := range p.Serve {
		for _, stage := range list {
			cores[stage]++
		}
	}
	for _, i := range r.order {
		st := &s.Stages[i]
		batch := r.y.Stages[i].MaxBatch
		if i < len(p.Batch) && p.Batch[i] > 0 {
			batch = p.Batch[i]
		}
		threads := r.y.Stages[i].Threads
		if i < len(p.Threads) && p.Threads[i] > 0 {
			threads = p.Threads[i]
		}
		m.Stages = append(m.Stages, report.StageMoment{
			Name: r.y.Stages[i].Name, Cores: cores[i], Batch: batch, Threads: threads, Blocked: st.Threads, Batches: st.Batches.N, Done: st.Done, Depth: st.Depth, HeadAge: st.HeadAge,
		})
	}
	return m
}

func (r *recorder) all() []report.Moment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moments
}
