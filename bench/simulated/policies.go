package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	footprint = 256 << 10 // four do not fit into the second cache of a core, where two do
	settle    = 1500 * time.Millisecond
)

// contest is a pipeline that several policies run.
type contest struct {
	name string
	loop loop
}

// contests are pipelines of four stages on two workers: where a worker that keeps to two of them finds what these need in its cache, and the same under
// tokens; and where there is nothing to find, with much and with little to do.
func contests() []contest {
	memory := loop{stages: 4, workers: 2, batch: 64, clients: 1024, footprint: footprint, settle: settle, inlet: true}
	serial := memory
	serial.serial = true
	return []contest{
		{"memory", memory},
		{"memory, serial", serial},
		{"work", loop{stages: 4, workers: 2, batch: 64, clients: 1024, turns: 400, settle: settle, inlet: true}},
		{"nothing", loop{stages: 4, workers: 2, batch: 64, clients: 1024, settle: settle, inlet: true}},
	}
}

// contestants are policies, by their names in the table: static is the pipeline cut in the middle, by hand.
var contestants = []string{"serve-all", "static", "cores", "adaptive"}

// calibrateMemory finds what a KiB of footprint takes in a cache, and how much more out of it: by one stage alone on a worker, and by four.
func calibrateMemory(ctx context.Context, c *costs, length time.Duration, rounds int) error {
	var times [2]float64 // ns for a batch of one stage
	for i, stages := range []int{1, 4} {
		l := loop{stages: stages, workers: 1, batch: 64, clients: 1024, footprint: footprint, inlet: true}
		best := 0.0 // what else takes the CPU, or caches, only adds
		for range rounds + 2 {
			o, err := l.median(ctx, length, 1)
			if err != nil {
				return err
			}
			best = max(best, o.rate)
		}
		times[i] = float64(l.batch) * 1e9 / best / float64(stages)
	}
	fixed := c.batch + float64(64)*c.event
	c.walk = max(times[0]-fixed-c.machine.Ring, 0) / (footprint / 1024)
	c.machine.Refill = max(times[1]-fixed-c.machine.Ring/4, 0)/(footprint/1024) - c.walk
	c.machine.Cache = 3 * footprint
	return nil
}

// compare prints what policies do in the engine, and in the simulation, as a multiple of serve-all.
func compare(ctx context.Context, out io.Writer, by map[int]costs, length time.Duration, rounds int) error {
	m := by[0]
	if err := calibrateMemory(ctx, &m, length, rounds); err != nil {
		return err
	}
	by[0] = m
	fmt.Fprintf(out, "# a KiB of footprint, ns: %.1f in a cache of %d KiB, %.1f more out of it\n", m.walk, m.machine.Cache>>10, m.machine.Refill)
	fmt.Fprintf(out, "%-16s %-10s %22s  %28s  %32s\n", "", "", "throughput, M/s", "times serve-all", "assigned anew before / in window")
	for _, g := range contests() {
		var base [2]outcome
		for _, name := range contestants {
			l := g.loop
			l.policy, l.halves = name, name == "static"
			real, err := l.median(ctx, length, rounds)
			if errors.Is(err, errDisturbed) {
				fmt.Fprintf(out, "%-16s %-10s %v\n", g.name, name, err)
				continue
			}
			if err != nil {
				return err
			}
			model, err := l.predict(by[l.turns], length)
			if err != nil {
				return err
			}
			if base[0].rate == 0 {
				base = [2]outcome{real, model}
			}
			x, y := real.rate/base[0].rate, model.rate/base[1].rate
			fmt.Fprintf(out, "%-16s %-10s %10.4g %10.4g   %8.3f %8.3f %+7.0f%%   %7.0f / %-5.0f %7.0f / %-5.0f\n",
				g.name, name, real.rate/1e6, model.rate/1e6, x, y, 100*(y/x-1), real.early, real.late, model.early, model.late)
		}
	}
	return nil
}
