package main

import (
	"fmt"
	"strings"
)

// A cell is one kind of work: so many producers and consumers, items to a call, bytes to an item, and slots. No producers means the round
// trip of single items over two queues.
type cell struct {
	producers, consumers int
	batch                int
	bytes                int
	capacity             int
}

func (c cell) roundTrip() bool { return c.producers == 0 }

func (c cell) String() string {
	if c.roundTrip() {
		return fmt.Sprintf("rtt.%dB.%d", c.bytes, c.capacity)
	}
	return fmt.Sprintf("%dp%dc.b%d.%dB.%d", c.producers, c.consumers, c.batch, c.bytes, c.capacity)
}

// parseCell is the inverse of String.
func parseCell(s string) (cell, error) {
	c := cell{batch: 1}
	form, fields := "%dp%dc.b%d.%dB.%d", []any{&c.producers, &c.consumers, &c.batch, &c.bytes, &c.capacity}
	if strings.HasPrefix(s, "rtt.") {
		form, fields = "rtt.%dB.%d", fields[3:]
	}
	if _, err := fmt.Sscanf(s, form, fields...); err != nil || c.String() != s {
		return cell{}, fmt.Errorf("cell %q: want one like 1p1c.b64.8B.1024 or rtt.8B.1024", s)
	}
	if c.bytes != 8 && c.bytes != 64 {
		return cell{}, fmt.Errorf("cell %q: items have 8 or 64 bytes", s)
	}
	if c.batch < 1 || !c.roundTrip() && c.consumers < 1 || c.capacity < 2 || c.capacity&(c.capacity-1) != 0 {
		return cell{}, fmt.Errorf("cell %q: a batch and consumers are positive, a capacity a power of two", s)
	}
	return c, nil
}

// cells lists the whole matrix.
func cells() []cell {
	var all []cell
	for _, shape := range [][2]int{{1, 1}, {2, 2}, {3, 1}, {1, 3}} {
		for _, bytes := range []int{8, 64} {
			for _, batch := range []int{1, 16, 64, 256} {
				for _, capacity := range []int{1024, 65536} {
					all = append(all, cell{shape[0], shape[1], batch, bytes, capacity})
				}
			}
		}
	}
	return append(all, cell{batch: 1, bytes: 8, capacity: 1024}, cell{batch: 1, bytes: 8, capacity: 65536})
}
