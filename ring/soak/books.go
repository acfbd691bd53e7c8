package main

import (
	"fmt"
	"math/bits"
)

// book has what a consumer popped: a bit for each event.
type book struct {
	next []uint64 // of each producer: what comes next has at least this number
	seen [][]uint64
}

func newBook(r round) *book {
	b := &book{next: make([]uint64, r.producers), seen: make([][]uint64, r.producers)}
	for p := range b.seen {
		b.seen[p] = make([]uint64, r.events/64+1)
	}
	return b
}

// enter enters n events from an id on.
func (b *book) enter(id uint64, n int) error {
	p, from := producerOf(id), numberOf(id)
	to := from + uint64(n)
	if p >= len(b.seen) || to > uint64(len(b.seen[p]))*64 {
		return fmt.Errorf("event %#x was never pushed", id)
	}
	if from < b.next[p] {
		return fmt.Errorf("event %d of producer %d came after event %d", from, p, b.next[p]-1)
	}
	b.next[p] = to
	mark(b.seen[p], from, to)
	return nil
}

// mark sets the bits [from, to).
func mark(words []uint64, from, to uint64) {
	for from < to {
		n := min(64-from%64, to-from)
		words[from/64] |= (1<<n - 1) << (from % 64)
		from += n
	}
}

// balance compares what came out with what was accepted, and returns how many that are.
func balance(accepted []uint64, books []*book) (events uint64, err error) {
	for p, n := range accepted {
		for i := range books[0].seen[p] {
			var all uint64
			for _, b := range books {
				if twice := all & b.seen[p][i]; twice != 0 {
					return 0, fmt.Errorf("event %d of producer %d came out twice", i*64+bits.TrailingZeros64(twice), p)
				}
				all |= b.seen[p][i]
			}
			var want uint64
			if from := uint64(i) * 64; from < n {
				want = ^uint64(0) >> (64 - min(n-from, 64))
			}
			if lost := want &^ all; lost != 0 {
				return 0, fmt.Errorf("event %d of producer %d was lost, of %d", i*64+bits.TrailingZeros64(lost), p, n)
			}
			if more := all &^ want; more != 0 {
				return 0, fmt.Errorf("event %d of producer %d was refused and came out", i*64+bits.TrailingZeros64(more), p)
			}
		}
		events += n
	}
	return events, nil
}
