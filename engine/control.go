package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/sched"
)

// controller is the control loop: one goroutine, bound to no CPU, that shows the policy a snapshot every few milliseconds and puts what that decides in
// place. Workers and callers never wait for it: they read the plan's pointer, one number per batch, and one pointer per submission.
//
// It sleeps when the workers do (see doze), after a while in which nothing has happened, so that a policy has seen the end of the last burst. Where a
// limit keeps everything out no worker ever wakes: there the refused caller stirs it, as who finds no slot of a blocking stage that may be used does.
type controller struct {
	doze
	e       *Engine
	every   time.Duration // between two ticks, unless the policy wants less
	system  sched.System
	sources []*inletCore // as in system
	policy  sched.Policy // nil: it is asked no more
	sampler sampler
	draft   *sched.Draft
	holds   sched.Plan // what holds; Serve and Epoch are those of the engine's plan
	record  record
	trace   *tracer // nil: nobody wants one
	trouble trouble

	costs costs // of ticks

	idle     int    // ticks in a row in which nothing happened
	moved    uint64 // batches and refusals, at the last tick
	resample Time   // when hooks got new samples last

	ticks, decisions atomic.Uint64 // Written by the loop
	deciding         atomic.Int64  // since when the policy is deciding; 0: it is not. Written by the loop, read by the watch
}

const (
	controlEvery = 5 * time.Millisecond
	controlLeast = time.Millisecond
	controlMost  = 30 * time.Millisecond
	controlIdle  = 20 // ticks without any work before the loop sleeps
	controlLast  = 2  // and so many of them without asking the policy: what it does may wake workers
	// controlLeaves is how long the end of the engine waits for a policy that does not return.
	controlLeaves = time.Second
)

func newController(e *Engine) *controller {
	return &controller{doze: newDoze(), e: e, every: controlEvery, trouble: trouble{log: e.log}}
}

// prepare makes the policy, once it is known where workers run.
func (c *controller) prepare() error {
	e, maker := c.e, c.e.cfg.Policy
	if maker == nil {
		maker = sched.Adaptive
	}
	c.system, c.sources = e.describeSystem(), e.sources()
	if err := c.system.Validate(); err != nil {
		return err
	}
	policy, err := maker(&c.system)
	switch {
	case err != nil:
		return fmt.Errorf("config: Policy: %w", err)
	case policy == nil:
		return errors.New("config: Policy makes nil")
	}
	c.policy = policy
	c.draft = sched.NewDraft(&c.system, sched.Plan{})
	c.holds = sched.Plan{Batch: make([]int, len(e.stages)), Threads: make([]int, len(e.stages)), Admit: make([]sched.Limit, len(c.system.Sources))}
	c.sampler.open(e)
	c.record.open(&c.system)
	return nil
}

func (c *controller) start() {
	c.gone = make(chan struct{})
	if w := c.e.cfg.Trace; w != nil {
		c.trace = newTracer(w, c.e.log)
		c.trace.lines <- &traceLine{System: &c.system, Serve: c.e.plan.Load().Serve, Assigned: c.e.cfg.Assign != nil}
		go c.trace.run()
	}
	go c.run()
}

// end returns when the goroutine has ended. One whose policy does not return is left behind: it ends, and touches nothing, when that does.
func (c *controller) end() {
	if c.gone == nil {
		return
	}
	close(c.stop)
	if !within(c.gone, controlLeaves) {
		c.e.log.Error("policy has not returned: its goroutine is left behind")
	}
	if c.trace != nil {
		c.trace.end()
	}
}

func (c *controller) run() {
	ended := false
	defer func() {
		if ended {
			close(c.gone)
		} else {
			go c.run() // the policy called runtime.Goexit, and is asked no more; the rest goes on
		}
	}()
	timer := time.NewTimer(c.every)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-c.stop:
			ended = true
			return
		}
		now := c.e.now()
		next := max(c.tick(now), c.costs.afford(c.e.now().Sub(now)))
		if c.idle >= controlIdle {
			c.sleep(c.quiet)
			c.idle = 0
		}
		timer.Reset(next)
	}
}

// tick is one round. It returns the time until the next.
func (c *controller) tick(now Time) time.Duration {
	add(&c.ticks, 1)
	s := c.sampler.read(now)
	c.rest(s)
	if now.Sub(c.resample) >= sojournEvery {
		c.resample = now
		for _, st := range c.e.stages {
			st.run.resample()
		}
	}
	c.record.follow(s)
	if c.policy == nil || c.idle > controlIdle-controlLast || !c.trouble.willing(now) {
		return c.every
	}
	err := c.decide(s)
	if err == nil {
		err = c.adopt(s)
	}
	if err != nil {
		c.fault(s, err, now)
		return c.every
	}
	c.trace.put(s, c.draft.Changes)
	c.trouble.over()
	if c.draft.Next == 0 {
		return c.every
	}
	return max(controlLeast, min(c.every, time.Duration(c.draft.Next)))
}

// rest counts ticks in which nothing happens.
func (c *controller) rest(s *sched.Snapshot) {
	var moved uint64
	for i := range s.Stages {
		moved += s.Stages[i].Batches.N
	}
	for i := range s.Sources {
		moved += s.Sources[i].Refused
	}
	if c.idle++; moved != c.moved || !c.quiet() {
		c.idle = 0
	}
	c.moved = moved
}

// quiet reports whether all workers sleep and nothing waits that the next decision could let them run: pair (7) in wake.go.
func (c *controller) quiet() bool {
	if !c.e.allParked() {
		return false
	}
	for _, s := range c.e.stages { // after that: a worker that is up keeps publishers from looking at the loop, and may lie down as soon as it is seen
		if s.blocking && s.run.pending() {
			return false
		}
	}
	return true
}

// decide asks the policy.
func (c *controller) decide(s *sched.Snapshot) (err error) {
	returned := false
	c.deciding.Store(max(s.Now, 1))
	defer func() {
		c.deciding.Store(0)
		if !returned {
			c.fault(s, ErrExited, Time(s.Now)) // the goroutine is on its way out, and the loop ends with it
		}
	}()
	pl := c.e.plan.Load()
	c.holds.Serve, c.holds.Epoch = pl.Serve, pl.Epoch
	c.draft.Reset(c.holds)
	err = judge(c.policy, &c.system, s, c.draft, c.e.cfg.Assign != nil)
	returned = true
	return err
}

// judge has the policy decide, and reports why that cannot be put in place.
func judge(p sched.Policy, y *sched.System, s *sched.Snapshot, d *sched.Draft, assigned bool) (err error) {
	serve := d.Plan.Serve
	defer func() {
		if cause := recover(); cause != nil {
			err = &PanicError{Value: cause, Stack: debug.Stack()}
		}
	}()
	p.Decide(s, d)
	if assigned {
		keepAssignment(d, serve)
	}
	switch {
	case len(d.Changes) == 0:
		return nil
	case d.Moved && !s.Settled:
		return errInTransition
	default:
		return d.Plan.Check(y)
	}
}

// adopt puts what the policy decided in place, all of it or nothing. In an engine that comes to its end there is nothing more to decide.
func (c *controller) adopt(s *sched.Snapshot) error {
	d := c.draft
	if len(d.Changes) == 0 {
		return nil
	}
	if c.stopped() {
		d.Changes = d.Changes[:0]
		return nil
	}
	if d.Moved {
		switch err := c.e.apply(sched.Plan{Serve: d.Plan.Serve}); {
		case errors.Is(err, ErrClosed), errors.Is(err, errInTransition): // or a worker was about to sleep when the snapshot was taken, and did not
			d.Changes = d.Changes[:0]
			return nil
		case err != nil:
			return err
		}
	}
	c.impose(&d.Plan, c.e.now()) // later than the snapshot: rates count from then on
	add(&c.decisions, uint64(len(d.Changes)))
	c.record.add(s, d.Changes)
	return nil
}

func (c *controller) stopped() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// keepAssignment takes out of the draft what it says about the assignment.
func keepAssignment(d *sched.Draft, serve [][]int) {
	if !d.Moved {
		return
	}
	kept := d.Changes[:0]
	for _, ch := range d.Changes {
		if ch.What != "cores" {
			kept = append(kept, ch)
		}
	}
	d.Plan.Serve, d.Moved, d.Changes = serve, false, kept
}

// impose puts the limits of p in place of those that hold.
func (c *controller) impose(p *sched.Plan, now Time) {
	h := &c.holds
	for i, s := range c.e.stages {
		if batch, threads := at(p.Batch, i), at(p.Threads, i); batch != h.Batch[i] || threads != h.Threads[i] {
			h.Batch[i], h.Threads[i] = batch, threads
			s.run.limit(batch, threads, now)
		}
	}
	for i, in := range c.sources {
		if l := at(p.Admit, i); l != h.Admit[i] {
			h.Admit[i] = l
			in.restrict(l, now, c.e.stages[c.system.Sources[i].Stage].name)
		}
	}
}

func (c *controller) stats() ControlStats {
	t := &c.trouble
	return ControlStats{
		Ticks: c.ticks.Load(), Decisions: c.decisions.Load(),
		Panics: t.panics.Load(), Refused: t.refused.Load(), Late: t.late.Load(),
	}
}

// at returns list[i], or nothing where the list is shorter.
func at[T any](list []T, i int) (v T) {
	if i < len(list) {
		v = list[i]
	}
	return v
}

// limit says how large a batch may be from now on, and how many a blocking stage may have in its handler; 0: as the stage is configured.
func (s *Stage[T]) limit(batch, threads int, now Time) {
	s.most.Store(int32(or(batch, s.maxBatch)))
	if s.blocking {
		s.useSlots(&s.outside, or(threads, s.threads), now)
	}
}
