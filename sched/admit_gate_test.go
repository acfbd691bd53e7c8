package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A gate lets one event wait though the classes above take all that can be done: without a bound the ring would fill with what nobody comes to.
func TestGateBelowASaturatedClass(t *testing.T) {
	for _, taken := range []float64{999, 1000, 2000} {
		y := &System{
			Quantum: 1e5, Workers: []Seat{{}}, Stages: []Stage{{MaxBatch: 8, Capacity: 64}},
			Sources: []Source{{Class: 1, Target: 10e6, Capacity: 64}, {Class: 0, Target: 10e6, Capacity: 64}},
		}
		p, err := Admission(y)
		require.NoError(t, err)
		a := p.(*admission)
		a.m.rates[0], a.m.rates[1] = sourceRates{offered: taken, accepted: taken}, sourceRates{offered: 500}
		a.sources[1].way = way{each: 1e6, servs: 1, most: 1000}
		plan := NewDraft(y, ServeAll(1, 1)).Plan
		a.gate(1, &Snapshot{Sources: make([]SourceSample, 2)}, &plan)
		require.GreaterOrEqual(t, a.sources[1].room, 1.0, "%.0f/s are taken", taken)
	}
}
