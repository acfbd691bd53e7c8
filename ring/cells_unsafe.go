package ring

import (
	"math/bits"
	"reflect"
	"unsafe"
)

// cells is an array of the slots of a Slot ring, at distances that are powers of
// two: so none that fits on a cache line stands on two. Go cannot write that
// down for any T, so the padding is made when the ring is: the memory is that of a
// slice whose elements are structs of a slot and a pad, which is what the
// collector sees. Where slots have pointers and all of them take 0.5 to 32 KB, the
// allocator puts a header of eight bytes before them, and some stand on two
// lines again; rings that small are not worth 32 KB.
type cells[T any] struct {
	base     unsafe.Pointer // of capacity slots
	distance uint8          // log2 of the bytes from one to the next
	mask     uint64
}

func newCells[T any](capacity int) cells[T] {
	cell := reflect.TypeFor[slot[T]]()
	distance := cellDistance(cell.Size())
	if pad := 1<<distance - cell.Size(); pad > 0 {
		cell = reflect.StructOf([]reflect.StructField{
			{Name: "Slot", Type: cell},
			{Name: "Pad", Type: reflect.ArrayOf(int(pad), reflect.TypeFor[byte]())},
		})
	}
	base := reflect.MakeSlice(reflect.SliceOf(cell), capacity, capacity).UnsafePointer()
	return cells[T]{base: base, distance: distance, mask: uint64(capacity) - 1}
}

// at is the slot of position pos.
func (c *cells[T]) at(pos uint64) *slot[T] {
	return (*slot[T])(unsafe.Add(c.base, uintptr(pos&c.mask)<<(c.distance&63)))
}

// cellDistance is log2 of how far apart slots of a size are: the next power of two.
func cellDistance(size uintptr) uint8 { return uint8(bits.Len(uint(size - 1))) }
