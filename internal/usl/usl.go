package usl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// LeastPoints is how many numbers of workers it takes at least to tell three parameters from noise.
const LeastPoints = 6

// Model is a law with its parameters.
type Model struct {
	Lambda, Sigma, Kappa float64
}

// At returns the throughput with n workers.
func (m Model) At(n float64) float64 {
	return m.Lambda * n / (1 + m.Sigma*(n-1) + m.Kappa*n*(n-1))
}

// Peak returns the number of workers with the highest throughput; infinite where more is never less.
func (m Model) Peak() float64 {
	if m.Kappa == 0 {
		return math.Inf(1)
	}
	return max(math.Sqrt(max(1-m.Sigma, 0)/m.Kappa), 1)
}

// Point is what was measured with N workers: the throughput of each repetition.
type Point struct {
	N int
	X []float64
}

// Fit is a model, and between which values each parameter is with a confidence of 95 %.
type Fit struct {
	Model
	Low, High Model
	// Off is the largest difference between the model and the median of a point, as a part of that.
	Off float64
}

const (
	resamples = 1000
	outside   = 0.025
)

// Of fits the law to the medians of the points, so that relative errors are least, with no parameter below 0; confidence intervals are from the percentile
// bootstrap over the repetitions of each point. It is an error if there are fewer than LeastPoints numbers of workers, or if nothing was
// done with one of them.
func Of(points []Point) (Fit, error) {
	if len(points) < LeastPoints {
		return Fit{}, fmt.Errorf("%d numbers of workers do not identify three parameters: want %d or more", len(points), LeastPoints)
	}
	n, x := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		n[i], x[i] = float64(p.N), middle(p.X)
		if !(x[i] > 0) {
			return Fit{}, fmt.Errorf("nothing was done with %d workers", p.N)
		}
	}
	f := Fit{Model: fit(n, x)}
	for i := range n {
		f.Off = max(f.Off, math.Abs(f.At(n[i])/x[i]-1))
	}
	f.Low, f.High = intervals(points, n)
	return f, nil
}

func intervals(points []Point, n []float64) (low, high Model) {
	random := rand.New(rand.NewPCG(1, 1))
	var lambda, sigma, kappa []float64
	x := make([]float64, len(n))
	for range resamples {
		for i, p := range points {
			drawn := make([]float64, len(p.X))
			for k := range drawn {
				drawn[k] = p.X[random.IntN(len(p.X))]
			}
			x[i] = middle(drawn)
		}
		m := fit(n, x)
		lambda, sigma, kappa = append(lambda, m.Lambda), append(sigma, m.Sigma), append(kappa, m.Kappa)
	}
	for _, list := range [][]float64{lambda, sigma, kappa} {
		slices.Sort(list)
	}
	at := func(q float64) Model {
		i := int(q * (resamples - 1))
		return Model{lambda[i], sigma[i], kappa[i]}
	}
	return at(outside), at(1 - outside)
}

// fit solves n/X = b0 + b1 (n-1) + b2 n (n-1), which is linear, by least squares weighted for relative errors. Where a parameter would be below 0 it is left
// out, whichever way fits best: there are four.
func fit(n, x []float64) Model {
	best, least := Model{}, math.Inf(1)
	for _, with := range [][]int{{0, 1, 2}, {0, 1}, {0, 2}, {0}} {
		b, ok := solve(n, x, with)
		if !ok {
			continue
		}
		m := Model{1 / b[0], b[1] / b[0], b[2] / b[0]}
		off := 0.0
		for i := range n {
			d := x[i]/m.At(n[i]) - 1
			off += d * d
		}
		if off < least {
			best, least = m, off
		}
	}
	return best
}

// solve finds the terms that are in, and reports whether there is a solution without one below 0.
func solve(n, x []float64, with []int) (b [3]float64, ok bool) {
	k := len(with)
	rows := make([][]float64, k) // the normal equations
	for i := range rows {
		rows[i] = make([]float64, k+1)
	}
	for p := range n {
		y := n[p] / x[p]
		terms := [3]float64{1, n[p] - 1, n[p] * (n[p] - 1)}
		for i, a := range with {
			for j, c := range with {
				rows[i][j] += terms[a] * terms[c] / (y * y)
			}
			rows[i][k] += terms[a] / y
		}
	}
	if !eliminate(rows) {
		return b, false
	}
	for i, a := range with {
		b[a] = rows[i][k]
	}
	return b, b[0] > 0 && b[1] >= 0 && b[2] >= 0
}

// eliminate solves linear equations in place (Gauss and Jordan), the right sides in the last column.
func eliminate(rows [][]float64) bool {
	for i := range rows {
		pivot := i
		for k := i; k < len(rows); k++ {
			if math.Abs(rows[k][i]) > math.Abs(rows[pivot][i]) {
				pivot = k
			}
		}
		rows[i], rows[pivot] = rows[pivot], rows[i]
		if rows[i][i] == 0 {
			return false
		}
		for j := len(rows); j >= i; j-- {
			rows[i][j] /= rows[i][i]
		}
		for k := range rows {
			if k == i {
				continue
			}
			for j := len(rows); j >= i; j-- {
				rows[k][j] -= rows[k][i] * rows[i][j]
			}
		}
	}
	return true
}

func middle(sample []float64) float64 {
	if len(sample) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(sample))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
