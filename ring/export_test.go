package ring

// Positions from which tests start, so that they run over the ends of the
// counters: index, span, position (55 bits), machine word.
var (
	StartsSpan = []uint64{0, 1, 3, 1<<32 - 3, posMask - 300, posMask - 6, posMask - 1, posMask}
	StartsWord = []uint64{0, 1, 3, 1<<32 - 3, 1<<63 - 5, 1<<64 - 300, 1<<64 - 6, 1<<64 - 1}
)

const (
	MaxSpan     = maxSpan
	MaxCapacity = maxCapacity
)

func NewMPMCAt[T any](capacity int, start uint64) *MPMC[T] { return newMPMC[T](capacity, start) }
func NewMPSCAt[T any](capacity int, start uint64) *MPSC[T] { return newMPSC[T](capacity, start) }
func NewSPSCAt[T any](capacity int, start uint64) *SPSC[T] { return newSPSC[T](capacity, start) }
func NewSlotAt[T any](capacity int, start uint64) *Slot[T] { return newSlot[T](capacity, start) }

var HasPointers = hasPointers

// Kept counts the slots that are not zero. Nobody else may use the ring.
func Kept[T comparable](q any) (n int) {
	var zero T
	count := func(v T) {
		if v != zero {
			n++
		}
	}
	each := func(s slots[T]) {
		for _, v := range s.buf {
			count(v)
		}
	}
	switch q := q.(type) {
	case *SPSC[T]:
		each(q.slots)
	case *MPSC[T]:
		each(q.slots)
	case *MPMC[T]:
		each(q.slots)
	case *Slot[T]:
		for i := range q.Cap() {
			count(q.at(uint64(i)).event)
		}
	}
	return n
}

// HoldPush claims slots for items, as a push does that is stopped before it
// publishes, and returns the rest of that push. It is nil if there is no room.
func HoldPush[T any](q any, items []T, stamp int64) (publish func()) {
	want := uint64(len(items))
	switch q := q.(type) {
	case *MPSC[T]:
		pos, n := q.claim(want, want)
		if n == 0 {
			return nil
		}
		return func() { q.put(pos, items); q.full.publish(pos, n, stamp) }
	case *MPMC[T]:
		pos, n := q.claimFree(want, want)
		if n == 0 {
			return nil
		}
		return func() { q.put(pos, items); q.full.publish(pos, n, stamp) }
	case *Slot[T]:
		pos, n := q.claim(&q.tail, 0, want, want)
		if n == 0 {
			return nil
		}
		return func() { q.fillAll(pos, items, stamp) }
	}
	panic("no claims in this ring")
}

// HoldPop claims n events, as a pop does that is stopped before it frees the
// slots, and returns the rest of that pop. It is nil if there are fewer.
func HoldPop[T any](q any, n int) (free func() []T) {
	dst := make([]T, n)
	switch q := q.(type) {
	case *MPMC[T]:
		pos, got, _ := q.claimFull(uint64(n))
		if got != uint64(n) {
			return nil
		}
		return func() []T { q.take(pos, dst); q.freeSpans(pos, got); return dst }
	case *Slot[T]:
		pos, got := q.claim(&q.head, 1, uint64(n), uint64(n))
		if got == 0 {
			return nil
		}
		return func() []T { q.emptyAll(pos, dst); return dst }
	}
	panic("no claims at the head of this ring")
}
