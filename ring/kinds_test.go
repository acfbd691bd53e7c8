package ring_test

import (
	"testing"

	"github.com/seda-go/seda/ring"
)

// queue is what all four rings have in common.
type queue[T any] interface {
	PushBatch(items []T, stamp int64) int
	PushAll(items []T, stamp int64) bool
	Push(v T, stamp int64) bool
	PopBatch(dst []T) (n int, stamp int64)
	Pop() (v T, stamp int64, ok bool)
	HeadTime() (stamp int64, ok bool)
	Len() int
	Cap() int
}

// sealer is what MPSC and MPMC have besides.
type sealer interface {
	Seal()
	Sealed() bool
}

var (
	_ sealer = (*ring.MPSC[int])(nil)
	_ sealer = (*ring.MPMC[int])(nil)
)

// kind is one of the four types, as the tests know it.
type kind struct {
	name      string
	producers int // 1 or any (0)
	consumers int
	starts    []uint64
}

var kinds = []kind{
	{"SPSC", 1, 1, ring.StartsWord},
	{"MPSC", 0, 1, ring.StartsSpan},
	{"MPMC", 0, 0, ring.StartsSpan},
	{"Slot", 0, 0, ring.StartsWord},
}

func make1[T any](k kind, capacity int, start uint64) queue[T] {
	switch k.name {
	case "SPSC":
		return ring.NewSPSCAt[T](capacity, start)
	case "MPSC":
		return ring.NewMPSCAt[T](capacity, start)
	case "MPMC":
		return ring.NewMPMCAt[T](capacity, start)
	default:
		return ring.NewSlotAt[T](capacity, start)
	}
}

// boxed is a ring of pointers to events, used as one of events.
type boxed[T any] struct{ queue[*T] }

func box[T any](items []T) []*T {
	boxes := make([]*T, len(items))
	for i, v := range items {
		boxes[i] = &v
	}
	return boxes
}

func (b boxed[T]) PushBatch(items []T, stamp int64) int { return b.queue.PushBatch(box(items), stamp) }

func (b boxed[T]) PushAll(items []T, stamp int64) bool { return b.queue.PushAll(box(items), stamp) }
func (b boxed[T]) Push(v T, stamp int64) bool          { return b.queue.Push(&v, stamp) }

func (b boxed[T]) PopBatch(dst []T) (n int, stamp int64) {
	boxes := make([]*T, len(dst))
	n, stamp = b.queue.PopBatch(boxes)
	for i, p := range boxes[:n] {
		dst[i] = *p
	}
	return n, stamp
}

func (b boxed[T]) Pop() (v T, stamp int64, ok bool) {
	p, stamp, ok := b.queue.Pop()
	if ok {
		v = *p
	}
	return v, stamp, ok
}

// eachKind runs f as a subtest for each of the four rings.
func eachKind(t *testing.T, f func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { f(t, k) })
	}
}
