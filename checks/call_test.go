package checks

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

type callKind int

const (
	callPush    callKind = iota // PushBatch, or Push for one event
	callPushAll                 // PushAll
	callPop                     // PopBatch, or Pop for one event
	callHead                    // HeadTime
	callSeal                    // Seal
)

// call is a recorded call: who made it and when, what it was given, and what
// it answered.
type call struct {
	client     int
	begin, end int64
	kind       callKind
	items      []event // to push
	want       int     // to pop

	n      int     // accepted
	popped []event // popped
	stamp  int64
	ok     bool // HeadTime
}

func (c *call) String() string {
	switch c.kind {
	case callPush, callPushAll:
		return fmt.Sprintf("push(%#x) -> %d", c.items, c.n)
	case callPop:
		return fmt.Sprintf("pop(%d) -> %#x at %d", c.want, c.popped, c.stamp)
	case callHead:
		return fmt.Sprintf("head -> %d, %v", c.stamp, c.ok)
	default:
		return "seal"
	}
}

// overlaps reports whether the calls do.
func (c *call) overlaps(d *call) bool { return c.begin <= d.end && d.begin <= c.end }

// steps returns the moments of c, in order, in a ring whose pushes, or pops,
// take effect all at once.
func (c *call) steps(pushWhole, popWhole bool) (kinds []stepKind, whole bool) {
	switch c.kind {
	case callPush, callPushAll:
		if c.n == 0 {
			return []stepKind{stepRefuse}, false
		}
		if c.n < len(c.items) {
			kinds = append(kinds, stepRoom)
		}
		if kinds = append(kinds, stepClaim); !pushWhole {
			kinds = append(kinds, stepPublish)
		}
		return kinds, pushWhole
	case callPop:
		if len(c.popped) == 0 {
			return []stepKind{stepEmpty}, false
		}
		if len(c.popped) < c.want {
			kinds = append(kinds, stepFind)
		}
		if kinds = append(kinds, stepTake); !popWhole {
			kinds = append(kinds, stepFree)
		}
		return kinds, popWhole
	case callHead:
		return []stepKind{stepHead}, false
	default:
		return []stepKind{stepSeal}, false
	}
}

// history is what porcupine orders: every step as an operation that may take
// effect at any moment of its call. The order of the steps of one call follows
// from the model; that they seem to begin one after the other makes porcupine
// try them in that order first.
func history(calls []*call, pushWhole, popWhole bool) (ops []porcupine.Operation) {
	for _, c := range calls {
		kinds, whole := c.steps(pushWhole, popWhole)
		for i, k := range kinds {
			const parts = 8 // of a unit of time
			ops = append(ops, porcupine.Operation{
				ClientId: c.client, Input: step{k, c.client, c, whole},
				Call: c.begin*parts + int64(i), Return: c.end*parts + parts - 1,
			})
		}
	}
	return slices.Clip(ops)
}
