package ring

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// hot names the words of each ring that some core writes while others work,
// in groups that one side writes. Everything else in the struct is only read.
var hot = []struct {
	name   string
	ring   reflect.Type
	groups [][]string
}{
	{"SPSC", reflect.TypeFor[SPSC[byte]](), [][]string{{"tail", "limit"}, {"head", "rest", "restStamp"}}},
	{"SPSC of pointers", reflect.TypeFor[SPSC[*int]](), [][]string{{"tail", "limit"}, {"head", "rest", "restStamp"}}},
	{"MPSC", reflect.TypeFor[MPSC[byte]](), [][]string{{"tail", "limit"}, {"head"}}},
	{"MPMC", reflect.TypeFor[MPMC[byte]](), [][]string{{"tail"}, {"head"}}},
	{"Slot", reflect.TypeFor[Slot[[100]byte]](), [][]string{{"tail"}, {"head"}}},
}

// Words of different groups never share a pair of cache lines (128 bytes), nor do they
// share one with what is only read, nor with what lies beside the ring.
func TestLayout(t *testing.T) {
	for _, tt := range hot {
		t.Run(tt.name, func(t *testing.T) {
			at := map[string]uintptr{}
			for _, f := range reflect.VisibleFields(tt.ring) {
				if f.Type == reflect.TypeFor[pad]() || f.Anonymous {
					continue
				}
				at[f.Name] = offset(tt.ring, f.Index)
			}
			group := map[string]int{}
			for i, names := range tt.groups {
				for _, name := range names {
					require.Contains(t, at, name)
					group[name] = i + 1
				}
			}
			for a, x := range at {
				for b, y := range at {
					if group[a] != group[b] && x < y {
						require.GreaterOrEqual(t, y-x, uintptr(128), "%s and %s", a, b)
					}
				}
				if group[a] > 0 {
					require.GreaterOrEqual(t, x, uintptr(128), a)
					require.GreaterOrEqual(t, tt.ring.Size()-x, uintptr(128), a)
				}
			}
		})
	}
}

func offset(t reflect.Type, index []int) (sum uintptr) {
	for _, i := range index {
		f := t.Field(i)
		sum += f.Offset
		t = f.Type
	}
	return sum
}

// What the doc comments say a slot costs.
func TestMemoryPerSlot(t *testing.T) {
	type event = [5]uint64
	size := unsafe.Sizeof(event{})
	require.Equal(t, size+16, size+unsafe.Sizeof(spscSpan{}), "SPSC")
	require.Equal(t, size+24, size+unsafe.Sizeof(spanStart{})+unsafe.Sizeof(spanLog{}.ends[0]), "MPSC")
	require.Equal(t, size+32, size+unsafe.Sizeof(spanStart{})+unsafe.Sizeof(spanLog{}.ends[0])+
		unsafe.Sizeof(mpmcCursors{}.free[0]), "MPMC")
	require.Equal(t, size+16, unsafe.Sizeof(slot[event]{}), "Slot, before it is rounded up")
}

// Slots that fit on a line stand on one.
func TestSlotsStandOnWholeLines(t *testing.T) {
	for size, distance := range map[uintptr]uint8{16: 4, 17: 5, 24: 5, 32: 5, 40: 6, 64: 6, 65: 7, 144: 8} {
		require.Equal(t, distance, cellDistance(size), "%d bytes", size)
	}
	requireWhole[uint64](t)
	requireWhole[*int](t)
	requireWhole[[6]uint64](t)
	requireWhole[[16]uint64](t)
	requireWhole[struct{}](t)
}

func requireWhole[T any](t *testing.T) {
	const line = 64
	c := newCells[T](1024)
	size := unsafe.Sizeof(slot[T]{})
	for pos := range uint64(1024) {
		first := uintptr(unsafe.Pointer(c.at(pos)))
		require.LessOrEqual(t, (first+size-1)/line-first/line, (size-1)/line, "slot %d of %d bytes", pos, size)
		require.Equal(t, uintptr(c.base)+uintptr(pos)<<c.distance, first)
	}
	require.Equal(t, c.at(1), c.at(1025))
}
