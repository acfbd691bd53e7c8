//go:build linux

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/engine"
)

// load is the goroutines that hand events to a graph, until it accepts no more.
type load struct {
	g       *graph
	seed    uint64
	started uint64
	running sync.WaitGroup
	halt    sync.RWMutex // read-locked by whoever sends, or makes trouble: who locks it has them all stand still
	pace    atomic.Int32
	calls   calls
}

// calls counts how calls ended.
type calls struct{ answered, lost, left atomic.Uint64 }

const (
	trickle = iota
	bursts
	overload
	paces
)

// door is an inlet, and what those who used it were told.
type door struct {
	stage, inlet      string
	accepted, refused atomic.Uint64
}

// tell counts the answer to a submission of one event. It reports whether the engine is closed.
func (l *load) tell(d *door, err error) (accepted, closed bool) {
	switch {
	case err == nil:
		d.accepted.Add(1)
		return true, false
	case errors.Is(err, engine.ErrClosed):
		return false, true
	case errors.Is(err, engine.ErrFull), errors.Is(err, engine.ErrRefused), errors.Is(err, context.DeadlineExceeded):
		d.refused.Add(1)
		return false, false
	}
	l.g.wrong.say("stage %s, inlet %s: submitting: %v", d.stage, d.inlet, err)
	return false, true
}

func (g *graph) door(stage, inlet string) *door {
	d := &door{stage: stage, inlet: inlet}
	g.doors = append(g.doors, d)
	return d
}

// sources adds inlets, and returns what senders do, one function each: a step of some events, that reports whether the engine is closed.
func (l *load) sources() (steps []func(*rand.Rand) bool) {
	inlet := func(s *engine.Stage[job], stage string, c engine.InletConfig, ordered bool, senders int) {
		in, d := s.Inlet(c), l.g.door(stage, c.Name)
		for range senders {
			p := &sender{l: l, in: in, door: d}
			if ordered {
				p.from = uint8(len(steps))
			}
			steps = append(steps, p.step)
		}
	}
	inlet(l.g.front, "front", engine.InletConfig{Name: "one"}, true, senders/2)
	inlet(l.g.front, "front", engine.InletConfig{Name: "two", Capacity: 8, Waiters: 1}, true, senders-senders/2)
	inlet(l.g.spread, "spread", engine.InletConfig{Name: "urgent", Class: 2}, false, 1)
	inlet(l.g.spread, "spread", engine.InletConfig{Name: "less urgent", Class: 1, Capacity: 8}, false, 2)
	inlet(l.g.narrow, "narrow", engine.InletConfig{Name: "lanes", Lanes: 4, Capacity: 4}, false, 2)
	both := l.g.door("both", "submit")
	for i := range uint8(pairs) {
		n := uint64(0)
		steps = append(steps, func(r *rand.Rand) bool { return l.submitBoth(r, both, i, &n) })
	}
	for range 4 {
		steps = append(steps, l.call)
	}
	return steps
}

// start lets every one send in a goroutine of its own.
func (l *load) start(steps []func(*rand.Rand) bool) {
	l.running.Go(l.callInVain)
	for _, step := range steps {
		l.spawn(step, l.rest)
	}
}

// spawn repeats step until that reports that the engine is closed.
func (l *load) spawn(step func(*rand.Rand) bool, rest func(*rand.Rand) time.Duration) {
	l.started++
	r := rand.New(rand.NewPCG(l.seed, l.started))
	l.running.Go(func() {
		for closed := false; !closed; {
			l.halt.RLock()
			closed = step(r)
			l.halt.RUnlock()
			if d := rest(r); d > 0 {
				time.Sleep(d)
			}
		}
	})
}

// rest returns how long to wait before the next step.
func (l *load) rest(r *rand.Rand) time.Duration {
	switch pace := l.pace.Load(); {
	case pace == trickle:
		return time.Duration(r.IntN(int(4 * time.Millisecond)))
	case pace == bursts && r.IntN(50) == 0:
		return time.Duration(r.IntN(int(20 * time.Millisecond)))
	}
	return 0
}

// sender hands in jobs by an inlet, in one of the ways there are. A number is used again until it is accepted.
type sender struct {
	l    *load
	in   *engine.Inlet[job]
	door *door
	from uint8
	n    uint64
	list []job
}

func (s *sender) step(r *rand.Rand) (closed bool) {
	if r.IntN(4) == 0 {
		return s.batch(r)
	}
	way, long := r.IntN(3), soon(r)
	for i := 0; i < 1+r.IntN(16) && !closed; i++ {
		j := s.next(r, s.n+1)
		var err error
		switch way {
		case 0:
			err = s.in.TrySubmit(j)
		case 1:
			err = s.in.Submit(context.Background(), j)
		case 2:
			ctx, cancel := context.WithTimeout(context.Background(), long)
			err = s.in.Submit(ctx, j)
			cancel()
		}
		var accepted bool
		if accepted, closed = s.l.tell(s.door, err); accepted {
			s.n++
		}
	}
	return closed
}

func (s *sender) next(r *rand.Rand, n uint64) job {
	return job{from: s.from, n: n, key: uint8(r.IntN(numbers)), hops: uint8(r.IntN(3)), luck: r.Uint64()}
}

func (s *sender) batch(r *rand.Rand) (closed bool) {
	s.list = s.list[:0]
	for i := range uint64(1 + r.IntN(64)) {
		s.list = append(s.list, s.next(r, s.n+1+i))
	}
	n, err := s.in.TrySubmitBatch(s.list)
	s.n += uint64(n)
	s.door.accepted.Add(uint64(n))
	switch {
	case errors.Is(err, engine.ErrFull):
		s.door.refused.Add(uint64(len(s.list) - n))
	case errors.Is(err, engine.ErrClosed):
		return true
	case err != nil || n != len(s.list):
		s.l.g.wrong.say("stage %s, inlet %s: %d of a batch of %d: %v", s.door.stage, s.door.inlet, n, len(s.list), err)
	}
	return false
}

// soon is a time within which an event may or may not get in.
func soon(r *rand.Rand) time.Duration { return time.Duration(r.IntN(int(2 * time.Millisecond))) }

// submitBoth hands some events to left and as many to right.
func (l *load) submitBoth(r *rand.Rand, d *door, from uint8, n *uint64) (closed bool) {
	var list []job
	for i := range uint64(1 + r.IntN(5)) {
		list = append(list, job{from: from, n: *n + 1 + i, luck: r.Uint64()})
	}
	parts := []engine.Part{engine.For(l.g.left, list...), engine.For(l.g.right, list...)}
	var err error
	if r.IntN(2) == 0 {
		err = l.g.both.TrySubmitAll(parts...)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), soon(r))
		err = l.g.both.SubmitAll(ctx, parts...)
		cancel()
	}
	accepted, closed := l.tell(d, err)
	if accepted {
		*n += uint64(len(list))
	}
	return closed
}

// callInVain asks what nobody answers but the end of the engine, and waits for it.
func (l *load) callInVain() {
	const luck = 503
	_, err := engine.Call(context.Background(), l.g.ask, func(to engine.Reply[uint64]) query { return query{to, luck} })
	if !errors.Is(err, engine.ErrNoReply) && !errors.Is(err, engine.ErrClosed) && !errors.Is(err, engine.ErrRefused) {
		l.g.wrong.say("a call without an answer ended with: %v", err)
	}
}

// call asks and waits for the answer: for as long as it takes, or not.
func (l *load) call(r *rand.Rand) (closed bool) {
	ctx, luck := context.Background(), r.Uint64()
	if silent(luck) || r.IntN(3) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, soon(r))
		defer cancel()
	}
	answer, err := engine.Call(ctx, l.g.ask, func(to engine.Reply[uint64]) query { return query{to, luck} })
	var panicked *engine.PanicError
	switch {
	case err == nil && answer == mix(luck):
		l.calls.answered.Add(1)
	case err == nil:
		l.g.wrong.say("a call got another one's answer")
	case errors.Is(err, engine.ErrClosed):
		return true
	case errors.Is(err, context.DeadlineExceeded):
		l.calls.left.Add(1)
	case errors.Is(err, errUnlucky), errors.Is(err, engine.ErrExited), errors.Is(err, engine.ErrExpired), errors.Is(err, engine.ErrRefused),
		errors.Is(err, engine.ErrNoReply), errors.As(err, &panicked):
		l.calls.lost.Add(1)
	default:
		l.g.wrong.say("a call ended with: %v", err)
	}
	return false
}
