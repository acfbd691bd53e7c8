package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/seda-go/seda/sched"
)

// Decision is something that the policy changed, or a fault of the policy ("fault" in What): when, why, what was known about its subject - the stage, the
// source, or for "cores" and faults the engine as a whole - and what came of it. A law that searches, or follows a load, changes the same thing again and again:
// what it does to a stage or a source with pauses of less than a tenth of a second, for up to a second, is one decision, of many steps. Config.Trace has each.
type Decision struct {
	At           Time    `json:"at"`
	Until        Time    `json:"until"` // of the last step
	Steps        int     `json:"steps"`
	Epoch        uint64  `json:"epoch"` // of the assignment that held at first
	sched.Change         // from before the first step to after the last one; Why is that of the first and, after "then", of the last
	Before       Reading `json:"before"` // the first
	After        Reading `json:"after"`  // a tenth of a second of the loop's time after the last; At is 0 until then
}

// Reading is what is known about the subject of a Decision at one time.
type Reading struct {
	At      Time          `json:"at"`
	Depth   int           `json:"depth"`    // events
	HeadAge time.Duration `json:"head_age"` // ns
	Rate    float64       `json:"rate"`     // events per second that stages were through with, or that a source brought in: for a tenth of a second before, or since the decision
	Refused float64       `json:"refused"`  // events per second that a source, or all of them, did not bring in
}

// Explain returns the last decisions of the policy, at most 512, oldest first. Any goroutine may call it at any time; no worker waits for it.
func (e *Engine) Explain() []Decision { return e.controller.record.all() }

const (
	recordSize  = 512
	recordAfter = Time(100 * time.Millisecond)
	recordMost  = Time(time.Second) // of one decision: what is never done is told as it goes
)

// record keeps the last decisions, and fills in what came of them. The control loop writes, anybody reads.
type record struct {
	system *sched.System

	// The loop's alone: what the subjects had done by the time base, and their rates until then. The last one is the engine as a whole.
	base   Time
	counts []tally
	rates  []Reading

	mu      sync.Mutex // guards what follows
	list    []entry    // a ring of recordSize
	added   int        // entries ever
	unknown int        // the first whose outcome is not known
}

type entry struct {
	Decision
	subject int    // index into counts
	why     string // of the first step
	before  tally  // at the last
}

// tally is what a subject has done so far.
type tally struct{ done, refused uint64 }

func (r *record) open(y *sched.System) {
	r.system = y
	n := len(y.Stages) + len(y.Sources) + 1
	r.counts, r.rates = make([]tally, n), make([]Reading, n)
}

// subject returns the index of what ch is about.
func (r *record) subject(ch sched.Change) int {
	switch ch.What {
	case "batch", "threads":
		if i := slices.IndexFunc(r.system.Stages, func(s sched.Stage) bool { return s.Name == ch.Of }); i >= 0 {
			return i
		}
	case "admit":
		if i := slices.IndexFunc(r.system.Sources, func(s sched.Source) bool { return s.Name == ch.Of }); i >= 0 {
			return len(r.system.Stages) + i
		}
	}
	return len(r.counts) - 1
}

// look returns what subject i has done, and how things are with it, rates apart.
func (r *record) look(s *sched.Snapshot, i int) (t tally, now Reading) {
	now.At = Time(s.Now)
	switch {
	case i < len(s.Stages):
		st := &s.Stages[i]
		t.done, now.Depth, now.HeadAge = st.Done, st.Depth, time.Duration(st.HeadAge)
	case i < len(s.Stages)+len(s.Sources):
		c := &s.Sources[i-len(s.Stages)]
		t.done, t.refused, now.Depth, now.HeadAge = c.Accepted, c.Refused, c.Depth, time.Duration(c.HeadAge)
	default:
		for k := range s.Stages {
			st := &s.Stages[k]
			t.done += st.Done
			now.Depth += st.Depth
			now.HeadAge = max(now.HeadAge, time.Duration(st.HeadAge))
		}
		for k := range s.Sources {
			t.refused += s.Sources[k].Refused
		}
	}
	return t, now
}

// per adds to a reading the rates since an earlier one.
func (o *Reading) per(now, before tally, took time.Duration) {
	if took > 0 {
		o.Rate = float64(now.done-before.done) / took.Seconds()
		o.Refused = float64(now.refused-before.refused) / took.Seconds()
	}
}

// follow brings the rates up to date, and fills in what came of decisions.
func (r *record) follow(s *sched.Snapshot) {
	now := Time(s.Now)
	if took := now - r.base; took >= recordAfter {
		for i := range r.counts {
			t, _ := r.look(s, i)
			r.rates[i].per(t, r.counts[i], time.Duration(took))
			r.counts[i] = t
		}
		r.base = now
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := true
	for i := r.unknown; i < r.added; i++ {
		e := &r.list[i%recordSize]
		if e.After.At == 0 && now-e.Until >= recordAfter {
			var t tally
			t, e.After = r.look(s, e.subject)
			e.After.per(t, e.before, now.Sub(e.Until))
		}
		if known = known && e.After.At > 0; known {
			r.unknown = i + 1
		}
	}
}

// add enters decisions that were made on s.
func (r *record) add(s *sched.Snapshot, changes []sched.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := Time(s.Now)
	for _, ch := range changes {
		subject := r.subject(ch)
		t, reading := r.look(s, subject)
		if e := r.goesOn(&ch, subject, now); e != nil {
			e.To, e.Why, e.Until, e.before = ch.To, e.why+"; then "+ch.Why, now, t
			e.Steps++
			continue
		}
		e := entry{Decision: Decision{At: now, Until: now, Steps: 1, Epoch: s.Epoch, Change: ch, Before: reading}, subject: subject, why: ch.Why, before: t}
		e.Before.Rate, e.Before.Refused = r.rates[subject].Rate, r.rates[subject].Refused
		if len(r.list) < recordSize {
			r.list = append(r.list, e)
		} else {
			r.list[r.added%recordSize] = e
		}
		r.added++
		r.unknown = max(r.unknown, r.added-recordSize)
	}
}

// goesOn returns the decision of which ch is one more step, or nil.
func (r *record) goesOn(ch *sched.Change, subject int, now Time) *entry {
	if subject == len(r.counts)-1 {
		return nil
	}
	for i := r.added - 1; i >= r.unknown; i-- {
		e := &r.list[i%recordSize]
		if now-e.At >= recordMost {
			return nil
		}
		if e.What == ch.What && e.subject == subject {
			if now-e.Until >= recordAfter {
				return nil
			}
			return e
		}
	}
	return nil
}

func (r *record) all() (decisions []Decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := max(r.added-recordSize, 0); i < r.added; i++ {
		decisions = append(decisions, r.list[i%recordSize].Decision)
	}
	return decisions
}
