package engine

import (
	"cmp"
	"math/bits"
	"slices"
)

// wheel holds timers by the time they are due. One goroutine at a time.
//
// It is a hierarchical timing wheel: G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 7. Time is cut
// into ticks of 2^16 ns, and a tick is a number of eight digits of six bits. A timer stands on the level of the highest digit in which its
// tick differs from the wheel's, in the slot of that digit:
//
//	level 0   64 slots of one tick, those that have all other digits in common with the wheel's tick
//	level 1   64 slots of 64 ticks (4.2 ms)
//	level 7   64 slots of 64^7 ticks (9 years), as far as a Time goes
//
// When the wheel comes to the first tick of a slot above level 0, the slot's timers move down; each timer moves at most seven times, and
// adding one is O(1). What we changed: the level comes from the digits rather than from the distance, so that timers of one tick are
// always in one list, in the order they were added; a word of bits per level says which slots are in use, so that the wheel steps from
// one to the next and time without timers costs nothing; and timers keep their due time to the nanosecond, so that the tick is a
// matter of bookkeeping only: take never gives out a timer early, nor in another order than that of the due times.
//
// A tick of 65 us is about what a sleeping thread can be late by in any case (the kernel's timer slack is 50 us): slots of level 0 hold few
// timers, and the lists that next and take look through are short.
type wheel struct {
	tick    int64 // all timers of earlier ticks have been given out
	used    [levels]uint64
	slots   [levels][slots]timerList
	entries []wheelEntry // entries[0] is nobody's
	free    int32        // list of entries to use again
}

const (
	tickBits  = 16
	digitBits = 6
	slots     = 1 << digitBits
	levels    = (63 - tickBits + digitBits) / digitBits
)

// timer says when something is due and what: the event in a slot of the worker's edge of that number, or a periodic one.
type timer struct {
	due        Time
	edge, slot int32
}

type wheelEntry struct {
	timer
	next int32 // in the list of its slot, or the free ones
}

// timerList is first in, first out. Indices of entries; 0 is none.
type timerList struct{ head, tail int32 }

// newWheel returns an empty wheel at the given time.
func newWheel(now Time) *wheel {
	return &wheel{tick: int64(now) >> tickBits, entries: make([]wheelEntry, 1)}
}

// add puts in a timer, which may be due already.
func (t *wheel) add(what timer) {
	i := t.free
	if i != 0 {
		t.free = t.entries[i].next
	} else {
		i = int32(len(t.entries))
		t.entries = append(t.entries, wheelEntry{})
	}
	t.entries[i].timer = what
	t.put(i)
}

// put appends an entry to the list where it belongs.
func (t *wheel) put(i int32) {
	tick := max(int64(t.entries[i].due)>>tickBits, t.tick)
	level := max(bits.Len64(uint64(tick^t.tick))-1, 0) / digitBits
	slot := tick >> (level * digitBits) & (slots - 1)
	l := &t.slots[level][slot]
	t.entries[i].next = 0
	if l.tail == 0 {
		l.head = i
		t.used[level] |= 1 << slot
	} else {
		t.entries[l.tail].next = i
	}
	l.tail = i
}

// cut empties a slot and returns its first entry.
func (t *wheel) cut(level, slot int) int32 {
	i := t.slots[level][slot].head
	t.slots[level][slot] = timerList{}
	t.used[level] &^= 1 << slot
	return i
}

// first returns the earliest slot in use and its first tick. Timers of a level come before those of the levels above; within a level no
// slot in use is before the wheel's.
func (t *wheel) first() (level, slot int, tick int64, ok bool) {
	for level, used := range t.used {
		if used != 0 {
			slot := bits.TrailingZeros64(used)
			above := t.tick >> ((level + 1) * digitBits) << digitBits
			return level, slot, (above | int64(slot)) << (level * digitBits), true
		}
	}
	return 0, 0, 0, false
}

// take moves the timers that are due at now to the end of due, in the order of their due times, equal ones in the order they were added.
func (t *wheel) take(now Time, due []timer) []timer {
	target := int64(now) >> tickBits
	for {
		level, slot, tick, ok := t.first()
		if !ok || tick > target {
			break
		}
		t.tick = tick
		i := t.cut(level, slot)
		if level > 0 {
			for i != 0 {
				next := t.entries[i].next
				t.put(i)
				i = next
			}
			continue
		}
		due = t.expire(i, now, due)
		if t.used[0]>>slot&1 != 0 {
			break // the rest of now's own tick
		}
	}
	t.tick = max(t.tick, target)
	return due
}

// expire moves what is due of the list that begins with entry i to the end of due, and puts the rest back.
func (t *wheel) expire(i int32, now Time, due []timer) []timer {
	from := len(due)
	for i != 0 {
		next := t.entries[i].next
		if t.entries[i].due > now {
			t.put(i)
		} else {
			due = append(due, t.entries[i].timer)
			t.entries[i].next, t.free = t.free, i
		}
		i = next
	}
	byDue := func(a, b timer) int { return cmp.Compare(a.due, b.due) }
	if !slices.IsSortedFunc(due[from:], byDue) {
		slices.SortStableFunc(due[from:], byDue)
	}
	return due
}

// next returns a time at which to call take next: that of the earliest timer if it is near, else one before it, at which timers move down
// a level; never if there are none.
func (t *wheel) next() Time {
	level, slot, tick, ok := t.first()
	if !ok {
		return never
	}
	if level > 0 {
		return Time(tick << tickBits)
	}
	earliest := never
	for i := t.slots[0][slot].head; i != 0; i = t.entries[i].next {
		earliest = min(earliest, t.entries[i].due)
	}
	return earliest
}
