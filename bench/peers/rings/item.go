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

func set[T item](v *T, number uint64) {
	(*v)[0] = number
	if len(*v) > 1 {
		for i := 1; i < len(*v); i++ {
			(*v)[i] = number + uint64(i)
		}
	}
}

func setAll[T item](vs []T, number uint64) {
	for i := range vs {
		set(&vs[i], number+uint64(i))
	}
}

// A run is a row of items of one producer, without a gap, that one consumer took.
type run struct{ first, end uint64 }

// A tally is what one consumer saw. To take note of the next item of a run costs a comparison; only where a run ends is something
// written down. What was lost, doubled or out of order shows when the tallies of all consumers are laid side by side.
type tally struct {
	first  uint64 // of the run under way
	runs   []run
	broken int // items whose further words were wrong
}

// check notes v and returns the number that comes next in its run; next is what the call before returned.
func check[T item](t *tally, v *T, next uint64) uint64 {
	number := (*v)[0]
	if number != next {
		t.turn(number, next)
	}
	if len(*v) > 1 {
		for i := 1; i < len(*v); i++ {
			if (*v)[i] != number+uint64(i) {
				t.broken++
			}
		}
	}
	return number + 1
}

func checkAll[T item](t *tally, vs []T, next uint64) uint64 {
	for i := range vs {
		next = check(t, &vs[i], next)
	}
	return next
}

// turn ends the run before next and begins one at number.
//
//go:noinline
func (t *tally) turn(number, next uint64) {
	if t.first != next {
		t.runs = append(t.runs, run{t.first, next})
	}
	t.first = number
}

// end ends the last run.
func (t *tally) end(next uint64) { t.turn(next, next) }

// audit reports an error unless the tallies hold each number of what was sent once, and for each consumer those of a producer
// in ascending order.
func audit(sent []run, tallies []*tally) error {
	var lost, doubled, strange, disorder, broken uint64
	got := make([][]run, len(sent))
	for _, t := range tallies {
		broken += uint64(t.broken)
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
	if lost+doubled+strange+disorder+broken > 0 {
		return fmt.Errorf("%d items lost, %d doubled, %d that nobody sent, %d times out of order, %d words wrong",
			lost, doubled, strange, disorder, broken)
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
