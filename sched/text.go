package sched

import (
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
