package sched

import "math/bits"

// MaxSet bounds the indices a Set can hold, and with it the stages and the workers of one engine.
const MaxSet = 256

// Set is a set of stage or worker indices in [0, MaxSet). The zero value is empty; assignment copies.
type Set [MaxSet / 64]uint64

// SetOf returns the set of the given indices.
func SetOf(indices ...int) Set {
	var s Set
	for _, i := range indices {
		s.Add(i)
	}
	return s
}

// FirstN returns the set {0, ..., n-1}.
func FirstN(n int) Set {
	var s Set
	for i := range n {
		s.Add(i)
	}
	return s
}

// Add puts i into the set.
func (s *Set) Add(i int) { s[i>>6] |= 1 << (i & 63) }

// Remove takes i out of the set.
func (s *Set) Remove(i int) { s[i>>6] &^= 1 << (i & 63) }

// Has reports whether i is in the set.
func (s *Set) Has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// Empty reports whether the set holds nothing.
func (s *Set) Empty() bool { return *s == Set{} }

// Len returns the number of indices in the set.
func (s *Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Next returns the smallest index in the set that is at least from, or -1.
func (s *Set) Next(from int) int {
	if from >= MaxSet {
		return -1
	}
	k := from >> 6
	w := s[k] &^ (1<<(from&63) - 1)
	for w == 0 {
		if k++; k == len(s) {
			return -1
		}
		w = s[k]
	}
	return k<<6 + bits.TrailingZeros64(w)
}

// And returns what is in both sets.
func (s *Set) And(o *Set) Set {
	r := *s
	for k := range r {
		r[k] &= o[k]
	}
	return r
}

// AndNot returns what is in s and not in o.
func (s *Set) AndNot(o *Set) Set {
	r := *s
	for k := range r {
		r[k] &^= o[k]
	}
	return r
}
