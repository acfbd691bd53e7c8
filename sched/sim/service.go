package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Service is a distribution of service times. The zero value is no time at all.
type Service struct {
	Kind  Kind
	Mean  float64 // ns; Bimodal: of those that are short
	Long  float64 // ns; Bimodal: of those that are long
	Share float64 // Bimodal: the part that is long
	Shape float64 // Lognormal: standard deviation of the logarithm; Pareto: exponent of the tail, more than 1
}

// Kind is the form of a distribution.
type Kind uint8

const (
	Constant Kind = iota
	Exponential
	Bimodal
	Lognormal
	Pareto
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	names := [...]string{"constant", "exponential", "bimodal", "lognormal", "pareto"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("unknown(%d)", k)
}

func (d Service) check() error {
	switch {
	case d.Kind > Pareto:
		return fmt.Errorf("there is no Kind %v", d.Kind)
	case !finite(d.Mean) || !finite(d.Long) || !finite(d.Shape):
		return fmt.Errorf("%+v, want no number below 0", d)
	case !(d.Share >= 0 && d.Share <= 1):
		return fmt.Errorf("a Share of %g, want 0 to 1", d.Share)
	case d.Kind == Pareto && d.Shape <= 1:
		return fmt.Errorf("a Shape of %g for pareto, want more than 1", d.Shape)
	}
	return nil
}

// Expected returns the mean of the distribution in ns.
func (d Service) Expected() float64 {
	if d.Kind == Bimodal {
		return d.Mean*(1-d.Share) + d.Long*d.Share
	}
	return d.Mean
}

// Variance returns the variance of the distribution in ns^2; infinite for a Pareto distribution with a Shape of 2 or less.
func (d Service) Variance() float64 {
	switch d.Kind {
	case Exponential:
		return d.Mean * d.Mean
	case Bimodal:
		apart := d.Long - d.Mean
		return d.Share * (1 - d.Share) * apart * apart
	case Lognormal:
		return d.Mean * d.Mean * math.Expm1(d.Shape*d.Shape)
	case Pareto:
		if d.Shape <= 2 {
			return math.Inf(1)
		}
		return d.Mean * d.Mean / (d.Shape * (d.Shape - 2))
	}
	return 0
}

// Draw returns one service time in ns.
func (d *Service) Draw(random *rand.Rand) float64 { return d.sum(1, random) }

// sum draws n service times and returns their sum.
func (d *Service) sum(n int, random *rand.Rand) float64 {
	switch d.Kind {
	case Exponential:
		x := 0.0
		for range n {
			x += random.ExpFloat64()
		}
		return x * d.Mean
	case Bimodal:
		x := 0.0
		for range n {
			if random.Float64() < d.Share {
				x += d.Long
			} else {
				x += d.Mean
			}
		}
		return x
	case Lognormal: // exp(mu + shape·z) has the mean exp(mu + shape²/2)
		x := 0.0
		for range n {
			x += math.Exp(d.Shape*random.NormFloat64() - d.Shape*d.Shape/2)
		}
		return x * d.Mean
	case Pareto: // least·u^(-1/shape) has the mean least·shape/(shape-1)
		x := 0.0
		for range n {
			x += math.Pow(1-random.Float64(), -1/d.Shape)
		}
		return x * d.Mean * (d.Shape - 1) / d.Shape
	}
	return float64(n) * d.Mean
}
