package sim

import "math"

// never is a time that does not come.
const never = math.MaxInt64

// calendar holds one time for each of a fixed number of slots and finds the earliest, the one with the lowest slot among equals. It is a tree of
// winners: each node is the earlier of two, and a change plays one game a level, up to where the outcome is as before. Nothing is
// allocated after the start, and what comes first never depends on the order of insertion.
type calendar []entry // node 1 is the earliest, the children of i are 2i and 2i+1, the slots are the leaves

type entry struct {
	at   int64
	slot int
}

func newCalendar(slots int) calendar {
	leaves := 2
	for leaves < slots {
		leaves *= 2
	}
	c := make(calendar, 2*leaves)
	for i := range leaves {
		c[leaves+i] = entry{never, i}
	}
	for i := leaves - 1; i > 0; i-- {
		c[i] = c[2*i]
	}
	return c
}

// set gives a slot its time.
func (c calendar) set(slot int, t int64) {
	i := len(c)/2 + slot
	c[i].at = t
	for i > 1 {
		e, other := c[i], c[i^1]
		if other.at < e.at || other.at == e.at && other.slot < e.slot {
			e = other
		}
		if i /= 2; c[i] == e {
			return
		}
		c[i] = e
	}
}

// at returns the time of a slot.
func (c calendar) at(slot int) int64 { return c[len(c)/2+slot].at }

// first returns the slot that is next, and its time.
func (c calendar) first() (slot int, t int64) { return c[1].slot, c[1].at }
