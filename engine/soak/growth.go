//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seda-go/seda/affinity"
)

// holding is what the process holds between two cycles.
type holding struct{ goroutines, threads, fds, heap, rss int }

// hold measures that, when what is ending has ended. The wait is spent in full only where there are more goroutines than there may be.
func hold(goroutines int) (h holding, err error) {
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > goroutines && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	h.goroutines = runtime.NumGoroutine()
	debug.FreeOSMemory() // collects, too
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.heap = int(m.HeapAlloc)
	h.threads = len(tasks())
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return h, err
	}
	h.fds = len(fds) - 1 // the directory itself
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return h, err
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	h.rss = pages * os.Getpagesize()
	return h, err
}

// quantity is one of the numbers in a holding.
type quantity struct {
	name  string
	of    func(holding) int
	slack int // what it may grow by. What cannot grow by chance has none
	unit  int
}

// The runtime keeps a thread for each that ever had to block at the same time, and memory it has touched: both reach what chance demands of
// them late.
var quantities = []quantity{
	{"goroutines", func(h holding) int { return h.goroutines }, 0, 1},
	{"threads", func(h holding) int { return h.threads }, 4, 1},
	{"descriptors", func(h holding) int { return h.fds }, 0, 1},
	{"heap, KiB", func(h holding) int { return h.heap }, 1 << 20, 1 << 10},
	{"resident, KiB", func(h holding) int { return h.rss }, 16 << 20, 1 << 10},
}

// growths reports what grew over the cycles: what at its least in the last quarter is more than it was at most in the first quarter. The first
// cycles of all are left out: the process has yet to touch what it needs.
func growths(cycles []holding) error {
	const warmUp = 2
	if len(cycles) < warmUp+4 {
		return nil
	}
	cycles = cycles[warmUp:]
	n := len(cycles) / 4
	var errs []error
	for _, q := range quantities {
		before := q.of(slices.MaxFunc(cycles[:n], q.compare))
		after := q.of(slices.MinFunc(cycles[len(cycles)-n:], q.compare))
		if after > before+q.slack {
			errs = append(errs, fmt.Errorf("%s grew from at most %d to at least %d", q.name, before/q.unit, after/q.unit))
		}
	}
	return errors.Join(errs...)
}

func (q quantity) compare(a, b holding) int { return q.of(a) - q.of(b) }

// slope is the growth per cycle, by least squares.
func (q quantity) slope(cycles []holding) float64 {
	n := float64(len(cycles))
	var x, y, xx, xy float64
	for i, h := range cycles {
		u, v := float64(i), float64(q.of(h))/float64(q.unit)
		x, y, xx, xy = x+u, y+v, xx+u*u, xy+u*v
	}
	if d := n*xx - x*x; d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

// tasks lists the threads of the process, in order.
func tasks() (ids []int) {
	dir, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	for _, entry := range dir {
		if id, err := strconv.Atoi(entry.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// bound reports a thread that is bound to less than all CPUs. There is none when no engine runs.
func bound(all affinity.Set) error {
	for _, tid := range tasks() {
		if cpus, err := affinity.AllowedOf(tid); err == nil && cpus != all {
			return fmt.Errorf("thread %d of the process, which has the CPUs %v, is left with %v", tid, all, cpus)
		}
	}
	return nil
}
