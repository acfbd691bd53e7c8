package sched

import (
	"fmt"
	"math"
	"time"
)

// short writes a time in ns with three digits.
func short(ns float64) time.Duration {
	d := time.Duration(min(ns, math.MaxInt64/2))
	unit := time.Duration(1)
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit)
}

// changeText writes what a ratio is more or less than 1, with two digits, or more where they are no fractions.
func changeText(ratio float64) string {
	p := 100 * (ratio - 1)
	if math.Abs(p) >= 99.5 {
		return fmt.Sprintf("%+.0f %%", p)
	}
	return fmt.Sprintf("%+.2g %%", p)
}
