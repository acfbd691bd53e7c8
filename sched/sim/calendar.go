package sim

import "math"

// never is a time that does not come.
const never = math.MaxInt64

// calendar holds one time for each of a fixed number of slots and finds the earliest, the one with the lowest slot among equals. It is a tree of
// winners: each node names the earlier of two, and a change plays one game a level. Nothing is allocated after the start, and what
// comes first never depends on the order of insertion.
type calendar struct {
	at     []int64
	winner []int32 // of the games; winner[1] is the earliest
}

func newCalendar(slots int) *calendar {
	leaves := 2
	for leaves < slots {
		leaves *= 2
	}
	c := &calendar{make([]int64, leaves), make([]int32, leaves)}
	for i := range c.at {
		c.at[i] = never
	}
	for i := leaves - 1; i > 0; i-- {
		c.play(i)
	}
	return c
}

// contender returns who comes out of node i, which may be a leaf.
func (c *calendar) contender(i int) int32 {
	if n := len(c.at); i >= n {
		return int32(i - n)
	}
	return c.winner[i]
}

func (c *calendar) play(i int) {
	a, b := c.contender(2*i), c.contender(2*i+1)
	if c.at[b] < c.at[a] {
		a = b
	}
	c.winner[i] = a
}

// set gives a slot its time.
func (c *calendar) set(slot int, t int64) {
	c.at[slot] = t
	for i := (slot + len(c.at)) / 2; i > 0; i /= 2 {
		c.play(i)
	}
}

// first returns the slot that is next, and its time.
func (c *calendar) first() (slot int, t int64) {
	slot = int(c.winner[1])
	return slot, c.at[slot]
}
