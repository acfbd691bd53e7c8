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
