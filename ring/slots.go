package ring

import "reflect"

// slots is the array of events, addressed by position: the event at position
// p stands in buf[p&mask]. Who may touch which slot is the cursors' matter.
type slots[T any] struct {
	buf   []T
	mask  uint64
	scrub bool // T holds pointers: a popped slot must not keep its event alive
}

func newSlots[T any](capacity int) slots[T] {
	return slots[T]{
		buf:   make([]T, capacity),
		mask:  uint64(capacity) - 1,
		scrub: hasPointers(reflect.TypeFor[T]()),
	}
}

// put copies items into the slots from pos on. The caller owns those slots.
func (s *slots[T]) put(pos uint64, items []T) {
	i := pos & s.mask
	if len(items) == 1 {
		s.buf[i] = items[0]
		return
	}
	n := copy(s.buf[i:], items)
	if n < len(items) {
		copy(s.buf, items[n:])
	}
}

// take moves the events of the slots from pos on into dst and leaves nothing
// behind that the collector would follow. The caller owns those slots.
func (s *slots[T]) take(pos uint64, dst []T) {
	i := pos & s.mask
	if len(dst) == 1 {
		dst[0] = s.takeOne(pos)
		return
	}
	n := copy(dst, s.buf[i:])
	if n < len(dst) {
		copy(dst[n:], s.buf)
	}
	if s.scrub {
		clear(s.buf[i : i+uint64(n)])
		clear(s.buf[:len(dst)-n])
	}
}

// takeOne is take for one event.
func (s *slots[T]) takeOne(pos uint64) T {
	slot := &s.buf[pos&s.mask]
	v := *slot
	if s.scrub {
		var zero T
		*slot = zero
	}
	return v
}

// hasPointers reports whether a value of type t can keep something alive.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return true
	}
}
