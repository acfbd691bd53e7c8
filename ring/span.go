package ring

import (
	"sync/atomic"

	"github.com/seda-go/seda/internal/release"
)

// A position counts events since the ring was made, modulo 2^55. The cursor
// words of the MPSC and MPMC rings hold one beside two small fields:
//
//	 63                                               9   8   7          0
//	+--------------------------------------------------+---+------------+
//	|  position: the next event to claim (mod 2^55)    | S | remainder  |
//	+--------------------------------------------------+---+------------+
//
// S is the seal, in tails only. The remainder says how many slots from the
// position on are known to be claimable because an earlier claim took only a
// part of their span; the next span header then stands at position+remainder.
// Spans are at most maxSpan slots, so a remainder is less than that.
//
// # Why 55 bits are enough
//
// A word comes back to an earlier value only after 2^55 events. Two things
// could then go wrong, and both need more than that:
//
//   - ABA: a goroutine reads the word and span headers behind it, stops, and
//     its compare-and-swap succeeds although the headers are of another time.
//     It must have been stopped while exactly k * 2^55 events passed and the
//     remainder must be the same as well.
//   - a stale header: a header written 2^55 events ago at an index where no
//     span has begun since, and where now a claim ends whose own header is
//     not written yet.
//
// At one event per nanosecond, more than any of these rings does when it does
// nothing else, 2^55 events take 417 days; at ten million a second, 114
// years. The price is small: pushing or popping more than 256 events at once
// writes one header for each 256.
const (
	posShift = 9
	posMask  = 1<<(64-posShift) - 1
	sealBit  = 1 << 8
	remMask  = maxSpan - 1
	maxSpan  = 256
)

func word(pos, rem uint64) uint64 { return pos<<posShift | rem }

// A header says that a span of n slots begins at position pos:
//
//	pos with its low bits replaced by n-1
//
// The low bits are no loss, the index of the header holds them: a span is no
// longer than the ring. So a header is never taken for one of another lap.
//
// spanMask covers those low bits: min(capacity, maxSpan) - 1.
func header(pos, n, spanMask uint64) uint64 { return pos&^spanMask | (n - 1) }

// spanLength is the length of the span at position pos if h is its header,
// and 0 if h is of another lap.
func spanLength(h, pos, spanMask uint64) uint64 {
	if h^pos > spanMask { // equal above the mask: the same lap
		return 0
	}
	return h&spanMask + 1
}

// spanLog says which spans are full. The header of a span stands at the index
// where the span begins and its stamp at the index where it ends (one past
// its last slot): whoever knows a position inside a span and its remainder
// finds the stamp, however many have taken parts of the span before. Several
// ends never share an index, as a ring holds at most capacity positions.
//
// Writer: the producer that claimed the span, stamp before header. An entry's
// stamp is written again only after the head has passed the span's end, its
// header only after the head has passed the span's beginning.
type spanLog struct {
	entries  []spanEntry
	mask     uint64
	spanMask uint64
}

type spanEntry struct {
	header atomic.Uint64
	stamp  atomic.Uint64
}

func newSpanLog(capacity int, start uint64) spanLog {
	l := spanLog{
		entries:  make([]spanEntry, capacity),
		mask:     uint64(capacity) - 1,
		spanMask: min(uint64(capacity), maxSpan) - 1,
	}
	for i := range uint64(capacity) { // of the lap before the first: nothing is full
		pos := start + i
		l.entries[pos&l.mask].header.Store(header((pos-uint64(capacity))&posMask, 1, l.spanMask))
	}
	return l
}

// length is that of the published span at pos, 0 if there is none yet. The
// load pairs with the release store in publish.
func (l *spanLog) length(pos uint64) uint64 {
	return spanLength(l.entries[pos&l.mask].header.Load(), pos, l.spanMask)
}

// stamp is that of the span that ends at end. The caller must know that the
// span has been published, and afterwards that the head has not passed end.
func (l *spanLog) stamp(end uint64) int64 {
	return int64(l.entries[end&l.mask].stamp.Load())
}

// publish makes the n slots from pos on visible to consumers. More than fit
// in a span are published from behind, so that they appear all at once, with
// the first header.
func (l *spanLog) publish(pos, n uint64, stamp int64) {
	for n > l.spanMask+1 {
		last := (n-1)&l.spanMask + 1
		n -= last
		l.publishSpan((pos+n)&posMask, last, stamp)
	}
	l.publishSpan(pos, n, stamp)
}

func (l *spanLog) publishSpan(pos, n uint64, stamp int64) {
	// Pairs with the loads in length and stamp: who sees the header sees the
	// slots and the stamp.
	release.StorePair(
		&l.entries[(pos+n)&l.mask].stamp, uint64(stamp),
		&l.entries[pos&l.mask].header, header(pos, n, l.spanMask))
}
