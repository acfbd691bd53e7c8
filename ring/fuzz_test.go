package ring_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/ring"
)

// The model of all four rings: a slice of events with the time of their push.
type model struct {
	events   []modelEvent
	capacity int
	sealed   bool
	next     int   // the event to push next
	now      int64 // the time of the last push
}

type modelEvent struct {
	v     int
	stamp int64
}

// take makes the next n events.
func (m *model) take(n int) []int {
	items := ints(m.next, n)
	m.next += n
	return items
}

func (m *model) room() int {
	if m.sealed {
		return 0
	}
	return m.capacity - len(m.events)
}

func (m *model) push(items []int) {
	for _, v := range items {
		m.events = append(m.events, modelEvent{v, m.now})
	}
}

func (m *model) pop(n int) (items []int, stamp int64) {
	n = min(n, len(m.events))
	items = make([]int, n)
	for i, e := range m.events[:n] {
		items[i] = e.v
	}
	if n > 0 {
		stamp = m.events[0].stamp
	}
	m.events = slices.Delete(m.events, 0, n)
	return items, stamp
}

var fuzzCapacities = []int{2, 4, 8, 32, 256, 512, 2048}

// runOps does what ops say on a ring and on the model. The first three bytes
// choose the ring, its capacity and where its positions start, and if the last
// of them is in its upper half the events are pointers; then come pairs of an
// operation and a size.
func runOps(t *testing.T, ops []byte) {
	if len(ops) < 3 {
		return
	}
	k := kinds[int(ops[0])%len(kinds)]
	m := model{capacity: fuzzCapacities[int(ops[1])%len(fuzzCapacities)]}
	start := k.starts[int(ops[2])%len(k.starts)]
	q := make1[int](k, m.capacity, start)
	kept := func() int { return len(m.events) }
	if ops[2] >= 128 {
		pointers := make1[*int](k, m.capacity, start)
		q, kept = boxed[int]{pointers}, func() int { return ring.Kept[*int](pointers) }
	}
	for ops = ops[3:]; len(ops) >= 2; ops = ops[2:] {
		m.now++
		size := int(ops[1])
		if size >= 128 { // the upper half goes beyond the ring
			size = (size - 128) * m.capacity / 64
		} else {
			size %= m.capacity + 2
		}
		step(t, q, &m, ops[0], size)
		require.Equal(t, len(m.events), q.Len())
		require.Equal(t, len(m.events), kept(), "slots that keep something alive")
		stamp, ok := q.HeadTime()
		require.Equal(t, len(m.events) > 0, ok)
		if ok {
			require.Equal(t, m.events[0].stamp, stamp)
		}
	}
}

func step(t *testing.T, q queue[int], m *model, op byte, size int) {
	switch op % 8 {
	case 0, 1:
		items := m.take(size)
		n := q.PushBatch(items, m.now)
		require.Equal(t, min(size, m.room()), n)
		m.push(items[:n])
	case 2:
		items := m.take(size)
		fits := size == 0 || size <= m.room()
		require.Equal(t, fits, q.PushAll(items, m.now))
		if fits {
			m.push(items)
		}
	case 3:
		items := m.take(1)
		fits := m.room() > 0
		require.Equal(t, fits, q.Push(items[0], m.now))
		if fits {
			m.push(items)
		}
	case 4, 5:
		dst := make([]int, size)
		n, stamp := q.PopBatch(dst)
		want, wantStamp := m.pop(size)
		require.Equal(t, want, dst[:n])
		require.Equal(t, wantStamp, stamp)
	case 6:
		v, stamp, ok := q.Pop()
		want, wantStamp := m.pop(1)
		require.Equal(t, len(want) == 1, ok)
		require.Equal(t, wantStamp, stamp)
		if ok {
			require.Equal(t, want[0], v)
		}
	case 7:
		var whole any = q
		if b, ok := q.(boxed[int]); ok {
			whole = b.queue
		}
		s, ok := whole.(sealer)
		if !ok || size%8 != 7 { // seldom: nothing can be pushed any more
			return
		}
		s.Seal()
		m.sealed = true
		require.True(t, s.Sealed())
	}
}

func FuzzOps(f *testing.F) {
	for kind := range byte(4) {
		for capacity := range byte(len(fuzzCapacities)) {
			f.Add([]byte{kind, capacity, 0, 0, 255, 4, 3, 2, 1, 6, 0, 3, 0, 4, 255})
			f.Add([]byte{kind, capacity, 128, 0, 255, 4, 3, 2, 1, 6, 0, 3, 0, 2, 129, 4, 255, 4, 255})
			f.Add([]byte{kind, capacity, 5, 3, 0, 3, 0, 3, 0, 4, 1, 2, 2, 4, 255, 2, 192, 7, 7, 3, 0, 5, 255})
			f.Add([]byte{kind, capacity, 7, 0, 1, 0, 2, 0, 3, 6, 0, 4, 2, 0, 130, 5, 200, 2, 150, 6, 0})
		}
	}
	f.Fuzz(runOps)
}

// TestRandomOps does long random sequences, so that positions wrap and spans
// of all lengths follow one another.
func TestRandomOps(t *testing.T) {
	sequences := 150
	if invariant.Enabled || testing.Short() {
		sequences = 30
	}
	rng := rand.New(rand.NewPCG(seed(), 0))
	for kind := range kinds {
		for range sequences {
			ops := make([]byte, 3+2*rng.IntN(1500))
			for i := range ops {
				ops[i] = byte(rng.Uint32())
			}
			ops[0] = byte(kind)
			runOps(t, ops)
		}
	}
}
