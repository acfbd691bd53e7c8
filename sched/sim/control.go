package sim

import (
	"github.com/seda-go/seda/sched"
)

// control is the control side: the policy, what it is told, and the plan that holds.
type control struct {
	policy    sched.Policy // nil: none
	y         *sched.System
	plan      sched.Plan
	snapshot  sched.Snapshot
	draft     *sched.Draft
	decisions []Decision
}

// Decision is a change of the plan.
type Decision struct {
	At int64 `json:"t_ns"`
	sched.Change
	Refused string `json:"refused,omitempty"` // why it was not put in force
}

func (c *control) open(r *run, q *sched.System) (err error) {
	c.y = q
	c.plan = sched.NewDraft(q, r.o.Plan).Plan // with slices of its own
	c.draft = sched.NewDraft(q, c.plan)
	c.snapshot = sched.Snapshot{
		Workers: make([]sched.WorkerSample, len(r.workers)),
		Stages:  make([]sched.StageSample, len(r.stages)),
		Sources: make([]sched.SourceSample, len(r.sources)),
	}
	r.limit()
	if r.o.Policy == nil {
		return nil
	}
	if c.policy, err = r.o.Policy(q); err == nil {
		r.set(slotDecide, 0)
	}
	return err
}

// decide lets the policy decide, and puts in force what it decided.
func (r *run) decide() {
	c := &r.control
	r.look(&c.snapshot)
	c.draft.Reset(c.plan)
	c.policy.Decide(&c.snapshot, c.draft)
	next := r.o.Tick
	if c.draft.Next > 0 {
		next = c.draft.Next
	}
	r.set(slotDecide, r.now+next)
	if len(c.draft.Changes) == 0 {
		return
	}
	refused := ""
	switch err := c.draft.Plan.Check(c.y); {
	case err != nil:
		refused = err.Error()
	case c.draft.Moved && !c.snapshot.Settled:
		refused = "the last plan is not in force yet"
	}
	for _, change := range c.draft.Changes {
		c.decisions = append(c.decisions, Decision{r.now, change, refused})
	}
	if refused != "" {
		return
	}
	d := &c.draft.Plan
	copy(c.plan.Batch, d.Batch)
	copy(c.plan.Admit, d.Admit)
	r.limit()
	if c.draft.Moved {
		c.plan.Serve = d.Serve
		r.publish(d.Serve)
		c.plan.Epoch = r.epoch
	}
}

// limit puts batch caps and limits in force.
func (r *run) limit() {
	p := &r.control.plan
	for i := range r.stages {
		s := &r.stages[i]
		s.limit = orElse(p.Batch[i], orElse(s.MaxBatch, defaultMaxBatch))
	}
	r.ages = false
	for i := range r.sources {
		r.sources[i].limit = p.Admit[i]
		r.ages = r.ages || p.Admit[i].Age > 0
	}
}

// publish puts an assignment in force: workers take notice after their batch, those that search at once, and those that sleep are woken.
func (r *run) publish(serve [][]int) {
	r.epoch++
	r.serve = make([]sched.Set, len(r.workers))
	r.eligible = make([]sched.Set, len(r.stages))
	for w, list := range serve {
		for _, s := range list {
			r.serve[w].Add(s)
			r.eligible[s].Add(w)
		}
	}
	for i := range r.stages {
		s := &r.stages[i]
		s.loose = s.Shards == 0 && orElse(s.Classes, 1) == 1 && r.eligible[i].Len() > 1
	}
	r.wakeAll(r.parked)
	for searching := r.searching; !searching.Empty(); {
		i := searching.Next(0)
		searching.Remove(i)
		if w := &r.workers[i]; r.searching.Has(i) {
			w.endSearch(r)
			w.loop(r)
		}
	}
}

// settled reports whether every worker acts on the last plan or sleeps.
func (r *run) settled() bool {
	for i := range r.workers {
		if r.workers[i].epoch != r.epoch && !r.parked.Has(i) {
			return false
		}
	}
	return true
}

// look fills in what a policy is told, as the engine does.
func (r *run) look(s *sched.Snapshot) {
	s.Now, s.Epoch, s.Settled = r.now, r.epoch, r.settled()
	for i := range r.workers {
		spent := r.workers[i].account(r)
		s.Workers[i] = sched.WorkerSample{Asleep: r.parked.Has(i), Parked: spent.Parked, Idle: spent.Idle}
	}
	for i := range r.stages {
		t := &r.stages[i]
		s.Stages[i] = sched.StageSample{
			Entered: t.entered, Done: t.done, Expired: t.expired, Batches: t.batches, Depth: int(t.entered - t.done), HeadAge: t.headAge(r.now),
			Wait: t.wait, Held: t.held, Sojourn: &t.sojourn,
		}
	}
	for i := range r.sources {
		c := &r.sources[i]
		s.Sources[i] = sched.SourceSample{Offered: c.offered, Accepted: c.accepted, Refused: c.refused, Depth: c.depth, HeadAge: c.headAge(r.now)}
	}
}

func (c *source) headAge(now int64) int64 {
	oldest := now
	for _, q := range c.lanes {
		if q.n > 0 {
			oldest = min(oldest, q.buf[q.head].at)
		}
	}
	return now - oldest
}
