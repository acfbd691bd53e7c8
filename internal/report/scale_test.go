package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// How far off predictions may be beyond what was measured follows from how far off they were, and grows.
func TestAround(t *testing.T) {
	predicted := func(workers int, kind string, measured, predicted float64) ScalePoint {
		p := ScalePoint{Workers: workers, Kind: kind, Predicted: &predicted}
		if measured > 0 {
			p.Throughput = &Estimate{Median: measured}
		}
		return p
	}
	s := Scale{Points: []ScalePoint{
		predicted(1, Measured, 100, 100), predicted(2, Measured, 200, 220), predicted(4, Measured, 400, 400), predicted(16, Simulated, 0, 1000),
		predicted(8, Oversubscribed, 10, 800),
	}}
	worst, each, known := s.Off()
	require.True(t, known)
	require.InEpsilon(t, 1.1, worst, 1e-9)
	require.InEpsilon(t, 1.1, each, 1e-9)
	require.Equal(t, 4, s.Most(Measured))
	for i, off := range []float64{1, 1.1, 1.1, 1.1 * 1.1 * 1.1} {
		e := s.Around(s.Points[i])
		require.InEpsilon(t, *s.Points[i].Predicted*off, e.High, 1e-9)
		require.InEpsilon(t, *s.Points[i].Predicted/off, e.Low, 1e-9)
	}
	s.Points = append(s.Points[:1:1], s.Points[3])
	_, _, known = s.Off()
	require.False(t, known, "one worker is what predictions are made from")
	require.Equal(t, Estimate{Low: 1000, Median: 1000, High: 1000}, s.Around(s.Points[1]))
}
