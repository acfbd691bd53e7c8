package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/seda-go/seda/internal/report"
)

// A verdict is what a figure says about its bound.
type verdict string

const (
	ok    verdict = "ok"    // the median keeps the bound
	short verdict = "short" // it does not
	skip  verdict = "skip"  // it could not be measured here
	info  verdict = "info"  // there is no bound
)

// A figure is one printed result.
type figure struct {
	id        string
	value     float64 // NaN: not measured
	bound     float64 // the most value may be; NaN: none
	verdict   verdict
	n         int // repetitions
	low, high float64
	what      string // the unit, or what it is, or why it was skipped
}

func median(xs []float64) float64 { return report.Quantile(xs, 0.5) }

// judge makes the figure of the values that the repetitions gave.
func judge(id string, values []float64, bound float64, what string) figure {
	f := figure{id: id, value: median(values), bound: bound, n: len(values), what: what}
	around := report.MedianInterval(values)
	f.low, f.high = around.Low, around.High
	switch {
	case math.IsNaN(bound):
		f.verdict = info
	case f.value <= bound:
		f.verdict = ok
	default:
		f.verdict = short
	}
	return f
}

// skipped makes the figure of a row that could not be measured.
func skipped(id string, bound float64, why string) figure {
	nan := math.NaN()
	return figure{id: id, value: nan, bound: bound, verdict: skip, low: nan, high: nan, what: why}
}

// String is the line of the figure, without a newline.
func (f figure) String() string {
	return fmt.Sprintf("figure %s %s %s %s n=%d ci=%s..%s %s",
		f.id, number(f.value), number(f.bound), f.verdict, f.n, number(f.low), number(f.high), f.what)
}

// number prints four significant digits, never an exponent, and - for none.
func number(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	decimals := 0
	if x != 0 {
		decimals = max(0, 3-int(math.Floor(math.Log10(math.Abs(x)))))
	}
	return strconv.FormatFloat(x, 'f', min(decimals, 6), 64)
}
