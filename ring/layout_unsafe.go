package ring

import "unsafe"

// Compile-time assertions: words that different cores write stand at least
// falseSharing apart, from one another and from what both sides only read.
// Where one does not, the constant is negative and the file does not compile.
type (
	mpmc = MPMC[byte]
	mpsc = MPSC[byte]
	spsc = SPSC[byte]
	sl   = Slot[byte]
)

const (
	_ = unsafe.Offsetof(mpmcCursors{}.tail) - unsafe.Offsetof(mpmcCursors{}.free) - falseSharing
	_ = unsafe.Offsetof(mpmcCursors{}.head) - unsafe.Offsetof(mpmcCursors{}.tail) - falseSharing
	_ = unsafe.Sizeof(mpmcCursors{}) - unsafe.Offsetof(mpmcCursors{}.head) - falseSharing

	_ = unsafe.Offsetof(mpscCursors{}.tail) - unsafe.Offsetof(mpscCursors{}.full) - falseSharing
	_ = unsafe.Offsetof(mpscCursors{}.head) - unsafe.Offsetof(mpscCursors{}.limit) - falseSharing
	_ = unsafe.Sizeof(mpscCursors{}) - unsafe.Offsetof(mpscCursors{}.head) - falseSharing

	_ = unsafe.Offsetof(spsc{}.tail) - unsafe.Offsetof(spsc{}.spans) - falseSharing
	_ = unsafe.Offsetof(spsc{}.head) - unsafe.Offsetof(spsc{}.limit) - falseSharing
	_ = unsafe.Sizeof(spsc{}) - unsafe.Offsetof(spsc{}.restStamp) - falseSharing

	_ = unsafe.Offsetof(sl{}.tail) - unsafe.Offsetof(sl{}.scrub) - falseSharing
	_ = unsafe.Offsetof(sl{}.head) - unsafe.Offsetof(sl{}.tail) - falseSharing
	_ = unsafe.Sizeof(sl{}) - unsafe.Offsetof(sl{}.head) - falseSharing
)

// The read-only beginning of every ring is behind a pad as well: what the
// allocator puts in front of it may be written by anybody.
const (
	_ = unsafe.Offsetof(mpmc{}.slots) - falseSharing
	_ = unsafe.Offsetof(mpsc{}.slots) - falseSharing
	_ = unsafe.Offsetof(spsc{}.slots) - falseSharing
	_ = unsafe.Offsetof(sl{}.cells) - falseSharing
)
