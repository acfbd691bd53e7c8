// Simulated measures a few pipelines on the engine, and what a batch, an event and a wake-up cost there; gives these costs to the simulator; and
// prints how far apart the two are. What it finds on one machine is in docs/simulator.md.
//
//	go run ./bench/simulated
//	go run ./bench/simulated -policies # what policies do with the same pipelines, in both
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	length := flag.Duration("duration", 300*time.Millisecond, "measured time of each run")
	rounds := flag.Int("rounds", 5, "runs of each pipeline; the median counts")
	policies := flag.Bool("policies", false, "compare policies on two workers instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := report(ctx, os.Stdout, *length, *rounds, *policies); err != nil {
		fmt.Fprintf(os.Stderr, "simulated: %v\n", err)
		os.Exit(1)
	}
}

// report prints one line per pipeline, or per pipeline and policy.
func report(ctx context.Context, out io.Writer, length time.Duration, rounds int, policies bool) error {
	costs := map[int]costs{}
	for _, turns := range []int{0, 400} {
		c, err := calibrate(ctx, turns, length, rounds)
		if err != nil {
			return err
		}
		costs[turns] = c
		m := &c.machine
		fmt.Fprintf(out, "# %d turns of work, ns: batch %.0f, ring %.0f, event %.1f; ", turns, c.batch, m.Ring, c.event)
		fmt.Fprintf(out, "from another worker: batch %.0f, event %.1f; ring in use by another %.0f; ", m.Far, m.Core, m.Contend)
		fmt.Fprintf(out, "wake %.0f, signal %.0f\n", m.Wake, m.Signal)
	}
	if policies {
		return compare(ctx, out, costs, length, rounds)
	}
	fmt.Fprintf(out, "%-28s %28s  %26s  %26s\n", "", "throughput, M/s", "p50, us", "p99, us")
	for _, l := range loops() {
		real, err := l.median(ctx, length, rounds)
		if errors.Is(err, errDisturbed) {
			fmt.Fprintf(out, "%-28s %v\n", l.name(), err)
			continue
		}
		if err != nil {
			return err
		}
		model, err := l.predict(costs[l.turns], length)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-28s", l.name())
		for _, v := range [][3]float64{{real.rate, model.rate, 1e-6}, {real.p50, model.p50, 1e-3}, {real.p99, model.p99, 1e-3}} {
			fmt.Fprintf(out, "  %9.4g %9.4g %+5.0f%%", v[0]*v[2], v[1]*v[2], 100*(v[1]/v[0]-1))
		}
		fmt.Fprintln(out)
	}
	return nil
}

// loops are the pipelines that are compared. The costs come from such as have one worker.
func loops() []loop {
	var all []loop
	for _, turns := range []int{0, 400} {
		for _, workers := range []int{1, 2} {
			for _, batch := range []int{8, 64} {
				all = append(all, loop{stages: 3, workers: workers, batch: batch, turns: turns, clients: 1024})
			}
		}
		all = append(all,
			loop{stages: 3, workers: 2, batch: 64, turns: turns, clients: 1024, serial: true},
			loop{stages: 3, workers: 2, batch: 64, turns: turns, clients: 1024, split: true},
			loop{stages: 3, workers: 1, batch: 64, turns: turns, clients: 4},
			loop{stages: 3, workers: 2, batch: 64, turns: turns, clients: 4})
	}
	return all
}
