package workload

import "math/bits"

// Set is a set of stages by number, of which the first MaxStages have a bit each.
type Set uint64

// SetOf returns the set of one stage.
func SetOf(stage int) Set { return 1 << stage }

// Has reports whether a stage is in s.
func (s Set) Has(stage int) bool { return s>>stage&1 != 0 }

// First returns the stage of s with the lowest number. s must not be empty.
func (s Set) First() int { return bits.TrailingZeros64(uint64(s)) }

// Rest returns s without its first.
func (s Set) Rest() Set { return s & (s - 1) }

// Len returns how many stages are in s.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }
