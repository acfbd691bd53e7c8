package engine

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/sched"
)

// trouble is what a policy makes: it panics, decides the impossible, ends its goroutine, does not return. Each kind is counted, and logged the first
// time. A policy that does nothing else is asked less and less often, and in the end no more: what it decided last holds, but
// for limits of what comes in, which nobody would ever lift.
type trouble struct {
	log    *slog.Logger
	row    int  // faults since the last decision without
	until  Time // when the policy is asked again
	silent [faultKinds]bool

	panics, refused, late atomic.Uint64 // written by the loop, late by the watch
	lately                Time          // when the decision that was late last began; the watch's
}

const (
	panicked = iota
	refusedPlan
	exited
	overdue
	faultKinds
)

const (
	troubleWait = 5 * time.Millisecond // before the policy is asked again, doubled with every fault in a row, up to
	troubleMost = time.Second
	troubleEnd  = 20 // faults in a row: half a minute
	lateAfter   = 100 * time.Millisecond
)

// faultOf is the Change that stands for a decision lost.
func faultOf(err error) sched.Change {
	return sched.Change{What: "fault", Of: "policy", Why: err.Error()}
}

// willing reports whether the policy is to be asked.
func (t *trouble) willing(now Time) bool { return now >= t.until }

// over notes a decision without a fault.
func (t *trouble) over() { t.row, t.until = 0, 0 }

// fault notes that the policy has lost its decision.
func (c *controller) fault(s *sched.Snapshot, err error, now Time) {
	t := &c.trouble
	kind, what := refusedPlan, "policy decided the impossible: the last plan stays"
	var p *PanicError
	switch {
	case errors.As(err, &p):
		kind, what = panicked, "policy panicked: the last plan stays"
		add(&t.panics, 1)
		t.say(kind, what, "panic", p.Value, "stack", string(p.Stack))
	case errors.Is(err, ErrExited):
		kind, what = exited, "policy called runtime.Goexit: it is asked no more, the last plan stays"
		add(&t.panics, 1)
		t.say(kind, what)
	default:
		add(&t.refused, 1)
		t.say(kind, what, "err", err)
	}
	lost := []sched.Change{faultOf(err)}
	c.record.add(s, lost)
	c.trace.put(s, lost)
	t.row++
	t.until = now.add(min(troubleWait<<min(t.row, 16), troubleMost))
	if t.row == troubleEnd || kind == exited {
		c.policy = nil
		c.impose(&sched.Plan{Batch: c.holds.Batch, Threads: c.holds.Threads}, now)
		t.log.Error("policy is asked no more, and limits what comes in no more", "faults", t.row)
	}
}

// say logs a fault, the first of its kind.
func (t *trouble) say(kind int, what string, args ...any) {
	if !t.silent[kind] {
		t.silent[kind] = true
		t.log.Error(what+"; further ones are only counted", args...)
	}
}

// overdue is called by the watch: the loop itself cannot tell of a policy that does not return.
func (c *controller) overdue(now Time) {
	since := Time(c.deciding.Load())
	t := &c.trouble
	if since == 0 || now.Sub(since) < lateAfter || since == t.lately {
		return
	}
	t.lately = since
	add(&t.late, 1)
	t.say(overdue, "policy has not returned: until it does the last plan stays", "since", now.Sub(since))
}
