package perf

import (
	"errors"
	"math/bits"

	"github.com/seda-go/seda/probes"
)

// Offers is what events can be counted.
var Offers = probes.MetricsOf(probes.Migrations, probes.PageFaults,
	probes.Cycles, probes.Instructions, probes.CacheMisses, probes.TLBMisses, probes.Stalled)

// ErrClosed is what a source returns that was closed.
var ErrClosed = errors.New("perf: the source is closed")

// Step opens the source as part of a ladder.
func Step() probes.Step { return probes.Step{Offers: Offers, Open: Open} }

// Open finds out which of the metrics can be counted here. Those that cannot are missing from the source, with a reason; it fails, with that of
// the first, if there is none that can.
func Open(want probes.Metrics) (probes.Source, error) { return open(want & Offers) }

// scale extrapolates what was counted in some of the time to all of it.
func scale(value, enabled, running uint64) uint64 {
	if running == 0 || running >= enabled {
		return value
	}
	hi, lo := bits.Mul64(value, enabled)
	if hi >= running {
		return 1<<64 - 1
	}
	scaled, _ := bits.Div64(hi, lo, running)
	return scaled
}
