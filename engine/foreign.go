package engine

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/sched"
)

// foreign watches how much of its CPU a worker loses to other threads: of the time in which its thread could have run, in windows of a second. The control
// loop writes.
type foreign struct {
	part   atomic.Uint64 // of the last window: the bits of a float64
	since  Time          // when the window began
	before sched.Thread  // and what was known then
	told   Time          // when a line about it was written last; 0: never
}

const (
	foreignEvery = time.Second
	foreignMuch  = 0.2 // part of the time that is worth a line
	foreignLine  = time.Minute
)

func (f *foreign) lost() float64 { return math.Float64frombits(f.part.Load()) }

// see takes in a reading, and reports whether it is time for a line.
func (f *foreign) see(t sched.Thread, now Time) bool {
	if !t.Known {
		f.part.Store(0)
		f.since = 0
		return false
	}
	if f.since == 0 {
		f.since, f.before = max(now, 1), t
		return false
	}
	if now.Sub(f.since) < foreignEvery {
		return false
	}
	on, delay := float64(t.OnCPU-f.before.OnCPU), float64(t.RunDelay-f.before.RunDelay)
	part := 0.0
	if delay > 0 {
		part = delay / (max(on, 0) + delay)
	}
	wanted := max(on, 0)+delay > float64(now.Sub(f.since))/foreignLeast
	f.part.Store(math.Float64bits(part))
	f.since, f.before = now, t
	if part < foreignMuch || !wanted {
		return false
	}
	if f.told > 0 && now.Sub(f.told) < foreignLine {
		return false
	}
	f.told = max(now, 1)
	return true
}

// foreignLeast: a worker that wanted its CPU for less than that part of the time, one in so many, lost nothing to speak of.
const foreignLeast = 20

// warnForeign names who has a worker's CPU.
func (e *Engine) warnForeign(w *worker) {
	list, err := w.probed.preemptors()
	if err != nil {
		e.log.Debug("preemptors cannot be read", "worker", w.id, "err", err)
	}
	var who []string
	for _, p := range list[:min(len(list), 3)] {
		who = append(who, fmt.Sprintf("%s (%v)", p.Command, time.Duration(p.Time).Round(time.Millisecond)))
	}
	e.log.Warn("other threads have a worker's CPU for much of the time: give the engine other CPUs, or keep them off these",
		"worker", w.id, "cpu", w.place(), "lost", fmt.Sprintf("%.0f %%", 100*w.foreign.lost()), "to", strings.Join(who, ", "))
}
