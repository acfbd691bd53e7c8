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
	require.Equal(t, size+16, unsafe.Sizeof(slot[event]{}), "Slot")
}
