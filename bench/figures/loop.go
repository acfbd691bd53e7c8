package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

const (
	loopStages  = 50 // in pipelines of five
	loopLength  = 5
	loopWorkers = 16
	loopTime    = time.Second
)

// loopSuite measures what the control loop costs while an engine of 50 stages and 16 workers has something to do: the CPU time of the loop's thread, with
// reading all counters, deciding, and putting in place. The workers are goroutines, which the loop does not know from threads.
func loopSuite() suite {
	const share, decide = "control loop", "decision"
	gives := []string{share, decide}
	e := experiment{gives: gives, unit: "% of a core, us", run: func(ctx context.Context, r round) (err error) {
		r[share], r[decide], err = loopShare(ctx)
		return err
	}}
	return experiments("sched.loop", []experiment{e}, []row{
		plain("sched.loop", share, none, "% of a core, 50 stages, 16 workers; the aim is 1"),
		plain("sched.loop.decide", decide, none, "us of that per decision of the policy"),
	})
}

// metered is a policy that reads the CPU time of its thread, which is the loop's: its goroutine stays there.
type metered struct {
	inner       sched.Policy
	first, last time.Duration // CPU time of the thread at the first and the last decision
	at, until   int64         // when these were, ns
	deciding    time.Duration
	n           int
}

func (m *metered) Decide(s *sched.Snapshot, d *sched.Draft) {
	if m.n == 0 {
		runtime.LockOSThread() // until the loop ends, and the thread with it
		m.first, m.at = spent(), s.Now
	}
	began := spent()
	m.inner.Decide(s, d)
	m.last, m.until = spent(), s.Now
	m.deciding += m.last - began
	m.n++
}

// spent is the CPU time of the calling thread, 0 where that is not known.
func spent() time.Duration {
	t, err := threadTime()
	if err != nil {
		return 0
	}
	return t
}

// loopShare returns the part of a core that the loop uses, in percent, and the us of a decision.
func loopShare(ctx context.Context) (percent, decision float64, err error) {
	maker, err := sched.Find(law())
	if err != nil {
		return 0, 0, err
	}
	m := &metered{}
	e := engine.New(engine.Config{Workers: loopWorkers, Kind: engine.Shared, Log: quiet, Policy: func(y *sched.System) (_ sched.Policy, err error) {
		m.inner, err = maker(y)
		return m, err
	}})
	heads := pipelines(e)
	err = during(ctx, e, func() error { return keepBusy(ctx, heads) })
	if err != nil {
		return 0, 0, err
	}
	if m.n < 2 || m.until <= m.at {
		return 0, 0, errors.New("the control loop never ran")
	}
	return 100 * float64(m.last-m.first) / float64(m.until-m.at), float64(m.deciding.Nanoseconds()) / float64(m.n) / 1e3, nil
}

// pipelines adds the stages and returns those that events come in by.
func pipelines(e *engine.Engine) (heads []*engine.Stage[event[small]]) {
	var before *engine.Stage[event[small]]
	for i := range loopStages {
		s := engine.Add(e, engine.StageConfig[event[small]]{Name: fmt.Sprintf("s%d", i), Target: 10 * time.Millisecond})
		if i%loopLength == 0 {
			heads = append(heads, s)
		} else {
			pass(before, s)
		}
		before = s
		if i%loopLength == loopLength-1 {
			s.Handle(func(*engine.Context, event[small]) error { return nil })
		}
	}
	return heads
}

// keepBusy submits a few events to each stage every millisecond.
func keepBusy(ctx context.Context, heads []*engine.Stage[event[small]]) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(loopTime); time.Now().Before(end); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, s := range heads {
			for i := range uint64(20) {
				if err := s.TrySubmit(event[small]{n: i}); err != nil && !errors.Is(err, engine.ErrFull) && !errors.Is(err, engine.ErrRefused) {
					return err
				}
			}
		}
	}
	return nil
}
