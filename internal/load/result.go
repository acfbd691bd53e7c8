package load

import (
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/seda-go/seda/internal/workload"
)

// Counts says what became of requests.
type Counts struct {
	Offered   int64 // submitted, whether or not they were taken
	Accepted  int64
	Refused   int64 // not taken, because there was no room
	Completed int64
	Expired   int64 // taken, and discarded since they had waited too long
}

// InFlight is how many were accepted and are not done.
func (c Counts) InFlight() int64 { return c.Accepted - c.Completed - c.Expired }

func (c *Counts) add(d Counts) {
	c.Offered += d.Offered
	c.Accepted += d.Accepted
	c.Refused += d.Refused
	c.Completed += d.Completed
	c.Expired += d.Expired
}

// Result is what one run measured. Window counts and the histograms are of the
// requests due after the warm-up and before the end, also when they were done
// after it.
type Result struct {
	Duration time.Duration // of the window
	Window   Counts
	Total    Counts // with those of the warm-up
	Done     int64  // requests that ended within the window
	// Doubled is how often a stage handled a request again, Skipped how many requests ended that not every stage on their way had handled; both 0
	// unless the architecture is wrong.
	Doubled, Skipped int64
	// Overlapped is how often a keyed stage handled two requests of one key at the same time, as far as that left a trace: 0 unless the
	// architecture is wrong, and if requests were lost.
	Overlapped int64

	Sojourn  *hdrhistogram.Histogram
	Lateness *hdrhistogram.Histogram // empty when the workers made the load
	Stages   []workload.StageTimes   // of the traced requests
	// CPU is the processor time used within the window, without the generator's; 0 where it cannot be told.
	CPU time.Duration
	// GeneratorCPU is the generator's, which spins: what it lacks of the window others had of its CPU. 0 where there was none, or it cannot be told.
	GeneratorCPU time.Duration
}

// The limits of lateness: as a part of the sojourn time that it falsifies, and
// where that is small, what a preemption of the generator costs anyway.
const (
	lateAbsolute = 50 * time.Microsecond
	lateShare    = 0.10
)

// Late reports whether a generator with this 99th percentile of lateness was
// too late for a run with that 99th percentile of the sojourn time to count:
// later than 50 us and than a tenth of the sojourn time.
func Late(lateness, sojourn time.Duration) bool {
	return lateness > max(lateAbsolute, time.Duration(lateShare*float64(sojourn)))
}

// Valid reports whether this run counts: the generator was not too late, and
// something was done that figures can be about.
func (r *Result) Valid() bool {
	late := Late(time.Duration(r.Lateness.ValueAtQuantile(99)), time.Duration(r.Sojourn.ValueAtQuantile(99)))
	return r.Done > 0 && r.Window.Completed > 0 && !late
}

// GeneratorBound reports whether, in closed loop, requests spent more time
// waiting for the generator than in the service, so that the rate is a lower
// bound of what the service can do.
func (r *Result) GeneratorBound() bool {
	return r.Lateness.TotalCount() > 0 && r.Lateness.Mean() > r.Sojourn.Mean()/2
}

// PerSecond returns a count of the window as a rate.
func (r *Result) PerSecond(n int64) float64 { return float64(n) / r.Duration.Seconds() }

// Check returns how the counts contradict each other: requests that were lost,
// doubled or invented, as a whole or at a stage.
func (r *Result) Check() error {
	var errs []error
	for _, c := range []struct {
		name string
		Counts
	}{{"total", r.Total}, {"window", r.Window}} {
		if c.Offered != c.Accepted+c.Refused {
			errs = append(errs, fmt.Errorf("%s: offered %d is not accepted %d + refused %d", c.name, c.Offered, c.Accepted, c.Refused))
		}
		if c.InFlight() != 0 {
			errs = append(errs, fmt.Errorf("%s: accepted %d, completed %d, expired %d: %d in flight at the end",
				c.name, c.Accepted, c.Completed, c.Expired, c.InFlight()))
		}
	}
	if r.Doubled != 0 {
		errs = append(errs, fmt.Errorf("handled more than once by a stage: %d", r.Doubled))
	}
	if r.Skipped != 0 {
		errs = append(errs, fmt.Errorf("ended without every stage: %d", r.Skipped))
	}
	if r.Overlapped != 0 {
		errs = append(errs, fmt.Errorf("handled by a keyed stage while it had another of the same key: %d", r.Overlapped))
	}
	return errors.Join(errs...)
}

// Histograms hold from a nanosecond to a minute with three digits.
const longest = int64(time.Minute)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, 3) }

// record adds ns to h; what is too long counts as the longest.
func record(h *hdrhistogram.Histogram, ns int64) {
	// The only error is a value out of range, and clamping has excluded that.
	_ = h.RecordValue(min(max(ns, 0), longest))
}
