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

type opKind int

const (
	opPush    opKind = iota // PushBatch, or Push for one event
	opPushAll               // PushAll
	opPop                   // PopBatch, or Pop for one event
	opHead                  // HeadTime
	opSeal                  // Seal
)

func (k opKind) isPush() bool { return k == opPush || k == opPushAll }

// input is what a call was given.
type input struct {
	kind  opKind
	items []event // to push
	want  int     // to pop
	// overlapped: a call of the other side overlaps, and the ring documents
	// that the answer may then fall short of what the queue would allow.
	overlapped bool
}

// output is what a call answered.
type output struct {
	n     int     // accepted
	items []event // popped
	stamp int64
	ok    bool // PushAll, HeadTime
}

// state of the queue; a string, so that states compare with ==.
type state struct {
	queue  string // four bytes an event, the oldest first
	sealed bool
}

const eventBytes = 4

func (s state) length() int { return len(s.queue) / eventBytes }

func (s state) at(i int) event {
	return binary.LittleEndian.Uint32([]byte(s.queue[i*eventBytes : (i+1)*eventBytes]))
}

func (s state) append(items []event) state {
	b := []byte(s.queue)
	for _, v := range items {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	s.queue = string(b)
	return s
}

// fifo is the model of a ring with that capacity.
func fifo(capacity int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(st, in, out any) (bool, any) {
			return step(capacity, st.(state), in.(input), out.(output))
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
	}
}

func step(capacity int, s state, in input, out output) (bool, state) {
	room := capacity - s.length()
	if s.sealed {
		room = 0
	}
	switch in.kind {
	case opPush:
		if out.n > room || out.n < min(room, len(in.items)) && !in.overlapped {
			return false, s
		}
		return true, s.append(in.items[:out.n])
	case opPushAll:
		if !out.ok {
			return len(in.items) > room || in.overlapped, s
		}
		return len(in.items) <= room, s.append(in.items)
	case opPop:
		return stepPop(s, in, out)
	case opHead:
		if !out.ok {
			return s.length() == 0 || in.overlapped, s
		}
		return s.length() > 0 && stampOf(s.at(0)) == out.stamp, s
	default:
		s.sealed = true
		return true, s
	}
}

func stepPop(s state, in input, out output) (bool, state) {
	n := len(out.items)
	if n > s.length() || n < min(in.want, s.length()) && !in.overlapped {
		return false, s
	}
	for i, v := range out.items {
		if s.at(i) != v {
			return false, s
		}
	}
	if n > 0 && stampOf(out.items[0]) != out.stamp {
		return false, s
	}
	s.queue = s.queue[n*eventBytes:]
	return true, s
}

// allow marks the calls that may fall short because one of the other side
// overlaps them. Only a push can make a pop or HeadTime fall short, only a pop
// a push.
func allow(history []porcupine.Operation, pushes, pops bool) {
	for i := range history {
		in := history[i].Input.(input)
		if in.kind.isPush() && !pushes || !in.kind.isPush() && !pops {
			continue
		}
		for j := range history {
			other := history[j].Input.(input).kind
			if in.kind.isPush() && other != opPop || !in.kind.isPush() && !other.isPush() {
				continue
			}
			if history[i].Call <= history[j].Return && history[j].Call <= history[i].Return {
				in.overlapped = true
				break
			}
		}
		history[i].Input = in
	}
}
