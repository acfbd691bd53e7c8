package main

import (
	"cmp"
	"fmt"
	"slices"
)

// An item is what goes through a queue: 8 or 64 bytes. Its first word is its number, each further one a word more, so that
// all of it is written by producers and read by consumers.
type item interface{ [1]uint64 | [8]uint64 }

// Numbers have the producer above these bits and a sequence below.
const producerShift = 56

// set and check of further words are unrolled by hand: a compiler for C++ does it unasked.
func set[T item](v *T, number uint64) {
	if (*v)[0] = number; len(*v) == 8 {
		w := words(v)
		w[1], w[2], w[3], w[4], w[5], w[6], w[7] = number+1, number+2, number+3, number+4, number+5, number+6, number+7
	}
}

func setAll[T item](vs []T, number uint64) {
	for ; len(vs) >= 8; vs, number = vs[8:], number+8 {
		w := (*[8]T)(vs)
		set(&w[0], number)
		set(&w[1], number+1)
		set(&w[2], number+2)
		set(&w[3], number+3)
		set(&w[4], number+4)
		set(&w[5], number+5)
		set(&w[6], number+6)
		set(&w[7], number+7)
	}
	for i := range vs {
		set(&vs[i], number+uint64(i))
	}
}

// A run is a row of items of one producer, without a gap, that one consumer took.
type run struct{ first, end uint64 }

// A tally is what one consumer saw. To take note of the next item of a run costs a comparison; only where a run ends is something
// written down. What was lost, doubled or out of order shows when the tallies of all consumers are laid side by side.
type tally struct {
	first   uint64 // of the run under way
	runs    []run
	changed uint64 // items whose further words were wrong
}

// checkAll notes vs and returns the number that comes next in the run; next is what the call before returned. Small items that continue the
// run are looked at eight at a time.
func checkAll[T item](t *tally, vs []T, next uint64) uint64 {
	for len(*new(T)) == 1 && len(vs) >= 8 {
		w := (*[8]T)(vs)
		if (w[0][0]^next)|(w[1][0]^(next+1))|(w[2][0]^(next+2))|(w[3][0]^(next+3))|
			(w[4][0]^(next+4))|(w[5][0]^(next+5))|(w[6][0]^(next+6))|(w[7][0]^(next+7)) != 0 {
			break
		}
		vs, next = vs[8:], next+8
	}
	for i := range vs {
		v := &vs[i]
		if (*v)[0] != next {
			next = t.turn((*v)[0], next)
		}
		if len(*v) == 8 && changed(words(v), next) {
			t.changed++
		}
		next++
	}
	return next
}

// changed reports whether w is not the item of that number.
func changed(w *[8]uint64, n uint64) bool {
	return (w[1]^(n+1))|(w[2]^(n+2))|(w[3]^(n+3))|(w[4]^(n+4))|(w[5]^(n+5))|(w[6]^(n+6))|(w[7]^(n+7)) != 0
}

// turn ends the run before next and begins one at number, which it returns.
//
//go:noinline
func (t *tally) turn(number, next uint64) uint64 {
	if t.first != next {
		t.runs = append(t.runs, run{t.first, next})
	}
	t.first = number
	return number
}

// end ends the last run.
func (t *tally) end(next uint64) { t.turn(next, next) }

// audit reports an error unless the tallies hold each number of what was sent once, and for each consumer those of a producer
// in ascending order.
func audit(sent []run, tallies []*tally) error {
	var lost, doubled, strange, disorder, changed uint64
	got := make([][]run, len(sent))
	for _, t := range tallies {
		changed += t.changed
		last := make([]uint64, len(sent))
		for _, r := range t.runs {
			p := r.first >> producerShift
			if p >= uint64(len(sent)) || r.first < sent[p].first || r.end > sent[p].end {
				strange += r.end - r.first
				continue
			}
			if r.first < last[p] {
				disorder++
			}
			last[p] = r.end
			got[p] = append(got[p], r)
		}
	}
	for p, s := range sent {
		l, d := gaps(s, got[p])
		lost, doubled = lost+l, doubled+d
	}
	if lost+doubled+strange+disorder+changed > 0 {
		return fmt.Errorf("%d items lost, %d doubled, %d that nobody sent, %d times out of order, %d changed",
			lost, doubled, strange, disorder, changed)
	}
	return nil
}

// gaps counts the numbers of s that are in none of the runs, and those that are in one more than once.
func gaps(s run, got []run) (lost, doubled uint64) {
	slices.SortFunc(got, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	at := s.first
	for _, r := range got {
		if r.first > at {
			lost += r.first - at
		}
		if r.first < at {
			doubled += min(at, r.end) - r.first
		}
		at = max(at, r.end)
	}
	return lost + s.end - at, doubled
}
