package main

import (
	"context"
	"syscall"
	"time"

	"github.com/seda-go/seda/engine"
)

const (
	idleFor    = 3 * time.Second
	idleSettle = 300 * time.Millisecond // what a worker may take to notice that nothing comes any more
)

func idleSuite() suite {
	const with, without = "idle engine", "no engine"
	return suite{
		id: "engine.idle",
		contenders: []contender{
			{name: with, unit: "% of a core", sample: idleEngine},
			{name: without, unit: "% of a core", sample: func(ctx context.Context) (float64, error) { return cpuShare(ctx, idleFor) }},
		},
		rows: []row{{
			id: "engine.idle", of: []string{with, without}, bound: 0.1,
			what:  "% of a core, less what the process uses without an engine",
			value: func(r round) float64 { return r[with] - r[without] },
		}},
	}
}

// idleEngine has an engine of the default kind handle a few events, lets it fall
// idle, and measures the process.
func idleEngine(ctx context.Context) (float64, error) {
	e := engine.New(engine.Config{Log: quiet})
	stage := engine.Add(e, engine.StageConfig[uint64]{Name: "stage"})
	stage.Handle(func(*engine.Context, uint64) error { return nil })
	var share float64
	err := during(ctx, e, func() error {
		for i := range uint64(1000) {
			if err := stage.Submit(ctx, i); err != nil {
				return err
			}
		}
		if _, err := cpuShare(ctx, idleSettle); err != nil {
			return err
		}
		var err error
		share, err = cpuShare(ctx, idleFor)
		return err
	})
	return share, err
}

// cpuShare waits for d and returns the CPU time that the process used
// meanwhile, in percent of one core.
func cpuShare(ctx context.Context, d time.Duration) (float64, error) {
	before, err := cpuTime()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	after, err := cpuTime()
	return 100 * float64(after-before) / float64(time.Since(began)), err
}

// cpuTime is the user and system time of all threads of the process.
func cpuTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
