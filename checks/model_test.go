package checks

import (
	"encoding/binary"
	"fmt"

	"github.com/anishathalye/porcupine"
)

// An event names its push (the upper bits) and its place there (the lower
// four), so that the stamp of a push, which is its number, follows from any of
// its events.
type event = uint32

func stampOf(v event) int64 { return int64(v >> 4) }

// stepKind is what a call does at one moment.
type stepKind int

const (
	stepRefuse  stepKind = iota // a push finds too little room, or the seal, and gives up
	stepRoom                    // a push finds less room than it wants, and goes on with that
	stepClaim                   // a push claims slots
	stepPublish                 // and publishes them
	stepEmpty                   // a pop finds nothing, and gives up
	stepFind                    // a pop finds fewer events than it wants, and goes on with those
	stepTake                    // a pop claims events
	stepFree                    // and frees their slots
	stepHead                    // HeadTime
	stepSeal                    // Seal
)

// step is one of the moments of a call.
type step struct {
	kind   stepKind
	client int
	call   *call
	whole  bool // claims and publishes, or takes and frees, at the same moment
}

// cell is a slot from the oldest one that is not free on.
type cell struct {
	v     event
	state cellState
}

type cellState byte

const (
	claimed cellState = iota
	full
	taken
	free
)

// state of a ring; comparable with ==.
type state struct {
	cells  string // five bytes each, the oldest first: its state, its event
	sealed bool
	// Clients that found less than they wanted, and have not claimed that
	// yet, a bit for each: what they found holds until another call of their
	// side claims.
	rooms, finds uint16
}

const cellBytes = 5

func (s state) length() int { return len(s.cells) / cellBytes }

func (s state) at(i int) cell {
	b := s.cells[i*cellBytes:]
	return cell{binary.LittleEndian.Uint32([]byte(b[1:cellBytes])), cellState(b[0])}
}

// add appends cells for items.
func (s state) add(items []event, as cellState) state {
	b := []byte(s.cells)
	for _, v := range items {
		b = binary.LittleEndian.AppendUint32(append(b, byte(as)), v)
	}
	s.cells = string(b)
	return s
}

// turn gives the cells of items another state, if they stand together in was.
func (s state) turn(items []event, was, as cellState) (bool, state) {
	for i := range s.length() {
		if s.at(i).v == items[0] {
			b := []byte(s.cells)
			for j := range items {
				if i+j >= s.length() || s.at(i+j) != (cell{items[j], was}) {
					return false, s
				}
				b[(i+j)*cellBytes] = byte(as)
			}
			s.cells = string(b)
			for len(s.cells) > 0 && s.at(0).state == free {
				s.cells = s.cells[cellBytes:]
			}
			return true, s
		}
	}
	return false, s
}

// room is how many slots a push can claim: those before the first that was
// popped and is not freed.
func (s state) room(capacity int) int {
	if s.sealed {
		return 0
	}
	return capacity - s.length()
}

// ready is where the next pop begins, and how many events it can take: those
// before the first that is claimed and not published.
func (s state) ready() (head, n int) {
	for head < s.length() && s.at(head).state >= taken {
		head++
	}
	for head+n < s.length() && s.at(head+n).state == full {
		n++
	}
	return head, n
}

// model is that of a ring with that capacity.
func model(capacity int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(st, in, _ any) (bool, any) {
			return next(capacity, st.(state), in.(step))
		},
		DescribeOperation: func(in, _ any) string {
			s := in.(step)
			return fmt.Sprintf("%d of %v", s.kind, s.call)
		},
	}
}

func next(capacity int, s state, in step) (bool, state) {
	if in.kind >= stepEmpty && in.kind <= stepFree {
		return nextOfPop(s, in)
	}
	c, room := in.call, s.room(capacity)
	switch in.kind {
	case stepRefuse:
		return room == 0 || c.kind == callPushAll && room < len(c.items), s
	case stepRoom:
		s.rooms |= 1 << in.client
		return room == c.n, s
	case stepClaim:
		ok := room >= c.n && (c.n == len(c.items) || s.rooms&(1<<in.client) != 0)
		s.rooms = 0
		if in.whole {
			return ok, s.add(c.items[:c.n], full)
		}
		return ok, s.add(c.items[:c.n], claimed)
	case stepPublish:
		return s.turn(c.items[:c.n], claimed, full)
	case stepHead:
		head, n := s.ready()
		return c.ok == (n > 0) && (n == 0 || stampOf(s.at(head).v) == c.stamp), s
	default:
		s.sealed = true
		s.rooms = 0
		return true, s
	}
}

func nextOfPop(s state, in step) (bool, state) {
	c := in.call
	head, ready := s.ready()
	switch in.kind {
	case stepEmpty:
		return ready == 0, s
	case stepFind:
		s.finds |= 1 << in.client
		return ready == len(c.popped), s
	case stepTake:
		ok := ready >= len(c.popped) && (len(c.popped) == c.want || s.finds&(1<<in.client) != 0) && stampOf(c.popped[0]) == c.stamp
		s.finds = 0
		if !ok || s.at(head).v != c.popped[0] {
			return false, s
		}
		if in.whole {
			return s.turn(c.popped, full, free)
		}
		return s.turn(c.popped, full, taken)
	default:
		return s.turn(c.popped, taken, free)
	}
}
