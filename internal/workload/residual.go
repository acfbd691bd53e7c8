package workload

import (
	"math"
	"math/rand/v2"

	"github.com/seda-go/seda/sched/sim"
)

// Residual returns, in nanoseconds, what is left of a time at a moment that has nothing to do with it: a uniform part of one that was drawn with a
// probability in proportion to its length, since long times cover more moments. So renewals that begin with a Residual are as frequent at first as ever after
// (W. Feller, "An Introduction to Probability Theory and Its Applications", volume 2, 1971, chapter XI.4). The mean must not be 0.
func (s *Service) Residual(random *rand.Rand) float64 {
	for {
		// Of times that are cut there is left what is left of whole ones, given that it is less than the cut.
		if x := random.Float64() * s.byLength(random); x < float64(MaxService) {
			return x
		}
	}
}

// byLength draws a time with a probability in proportion to its length.
func (s *Service) byLength(random *rand.Rand) float64 {
	d := &s.of
	switch d.Kind {
	case sim.Exponential:
		return d.Mean * (random.ExpFloat64() + random.ExpFloat64())
	case sim.Bimodal:
		if random.Float64()*d.Expected() < d.Share*d.Long {
			return d.Long
		}
	case sim.Lognormal: // the density times x is that of a logarithm with a mean of shape² more
		return d.Mean * math.Exp(d.Shape*random.NormFloat64()+d.Shape*d.Shape/2)
	case sim.Pareto: // and here that of a tail with an exponent of one less
		return d.Mean * (d.Shape - 1) / d.Shape * math.Pow(1-random.Float64(), -1/(d.Shape-1))
	}
	return d.Mean
}
