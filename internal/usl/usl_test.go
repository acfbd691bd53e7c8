package usl

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// points draws throughputs of a law with some noise.
func points(m Model, noise float64, reps int, seed uint64, n ...int) (all []Point) {
	random := rand.New(rand.NewPCG(seed, 1))
	for _, w := range n {
		p := Point{N: w}
		for range reps {
			p.X = append(p.X, m.At(float64(w))*math.Exp(noise*random.NormFloat64()))
		}
		all = append(all, p)
	}
	return all
}

func TestRecoversKnownParameters(t *testing.T) {
	for _, m := range []Model{
		{1000, 0.05, 0.001}, {1000, 0.3, 0}, {5, 0, 0.0005}, {1e6, 0, 0}, {1000, 0.02, 0.02}, {3, 1, 0},
	} {
		f, err := Of(points(m, 0, 3, 1, 1, 2, 4, 8, 16, 32))
		require.NoError(t, err)
		require.InEpsilon(t, m.Lambda, f.Lambda, 1e-6, m)
		require.InDelta(t, m.Sigma, f.Sigma, 1e-6, m)
		require.InDelta(t, m.Kappa, f.Kappa, 1e-6, m)
		require.Less(t, f.Off, 1e-6)
	}
}

// With noise of 2 % the intervals hold the parameters about as often as they claim, and the peak is found.
func TestIntervalsHold(t *testing.T) {
	m := Model{1000, 0.05, 0.001}
	held := [3]int{}
	const trials = 60
	for seed := range uint64(trials) {
		f, err := Of(points(m, 0.02, 10, seed, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64))
		require.NoError(t, err)
		require.InEpsilon(t, m.Peak(), f.Peak(), 0.1)
		for i, of := range []func(Model) float64{
			func(m Model) float64 { return m.Lambda }, func(m Model) float64 { return m.Sigma }, func(m Model) float64 { return m.Kappa },
		} {
			if of(f.Low) <= of(m) && of(m) <= of(f.High) {
				held[i]++
			}
		}
	}
	for _, n := range held {
		require.GreaterOrEqual(t, n, trials*8/10)
	}
}

func TestWhatCannotBeFitted(t *testing.T) {
	_, err := Of(points(Model{1, 0, 0}, 0, 1, 1, 1, 2))
	require.EqualError(t, err, "2 numbers of workers do not identify three parameters: want 6 or more")
	p := points(Model{1, 0, 0}, 0, 1, 1, 1, 2, 3, 4, 5, 6)
	p[3].X = nil
	_, err = Of(p)
	require.EqualError(t, err, "nothing was done with 4 workers")
}

func TestPeak(t *testing.T) {
	require.True(t, math.IsInf(Model{1, 0.5, 0}.Peak(), 1))
	require.InEpsilon(t, math.Sqrt(0.9/0.01), Model{1, 0.1, 0.01}.Peak(), 1e-12)
	require.Equal(t, 1.0, Model{1, 1, 0.01}.Peak())
}

// More than proportional growth, which the law does not know, is not explained by parameters below 0.
func TestNothingBelowZero(t *testing.T) {
	p := points(Model{1000, 0, 0}, 0, 1, 1, 1, 2, 4, 8, 16, 32)
	for i := range p {
		p[i].X[0] *= 1 + 0.01*float64(i)
	}
	f, err := Of(p)
	require.NoError(t, err)
	require.Zero(t, f.Sigma)
	require.Zero(t, f.Kappa)
}
