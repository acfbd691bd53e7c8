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
// A word comes back to an earlier value only after 2^55 events. Three things
// could then go wrong, and each needs more than that:
//
//   - ABA: a goroutine reads the word and span headers behind it, stops, and
//     its compare-and-swap succeeds although the headers are of another time.
//     It must have been stopped while exactly k * 2^55 events passed and the
//     remainder must be the same as well.
//   - a stale header: a header written 2^55 events ago at an index where no
//     span has begun since, and where now a claim ends whose own header is
//     not written yet.
//   - a limit (MPSC) that a producer computed and stores 2^55 events later,
//     give or take a capacity: it would be ahead of the head.
//
// At six events per nanosecond, more than one thread pushes and pops in batches
// of 256 when it does nothing else, 2^55 events take 69 days; at ten million a
// second, 114 years. The price is small: pushing or popping more than 256 events at once
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

// spanLog says which spans are full. Header and stamp of a span stand at the
// index where it begins; the stamp once more at the index of its last slot, if
// that is another. Whoever knows a position inside a span and the remainder
// finds the time there, however many have taken parts of the span before; the
// first index may be in use again by then.
//
// Writer: the producer that claimed the span, the header last. The words at an
// index are written again only after the head has passed that position.
type spanLog struct {
	starts   []spanStart
	ends     []atomic.Uint64 // stamps, at the last slots of spans of more than one
	mask     uint64
	spanMask uint64
}

type spanStart struct {
	header atomic.Uint64
	stamp  atomic.Uint64
}

func newSpanLog(capacity int, start uint64) spanLog {
	l := spanLog{
		starts:   make([]spanStart, capacity),
		ends:     make([]atomic.Uint64, capacity),
		mask:     uint64(capacity) - 1,
		spanMask: min(uint64(capacity), maxSpan) - 1,
	}
	for i := range uint64(capacity) { // of the lap before the first: nothing is full
		pos := start + i
		l.starts[pos&l.mask].header.Store(header((pos-uint64(capacity))&posMask, 1, l.spanMask))
	}
	return l
}

// length is that of the published span at pos, 0 if there is none yet. The
// load pairs with the release store in publishSpan.
func (l *spanLog) length(pos uint64) uint64 {
	pos &= posMask
	return spanLength(l.starts[pos&l.mask].header.Load(), pos, l.spanMask)
}

// look counts the events that are published from the position of head word w
// on, merging spans until there are want. stamp is that of the first. What it
// returns holds if the head still is w afterwards. The stamps were stored before
// the header that length has seen, here or for whoever left the remainder.
func (l *spanLog) look(w, want uint64) (pos, run uint64, stamp int64) {
	pos = w >> posShift
	run = w & remMask
	if run > 0 {
		stamp = int64(l.ends[(pos+run-1)&l.mask].Load())
	} else {
		if run = l.length(pos); run == 0 {
			return pos, 0, 0
		}
		stamp = int64(l.starts[pos&l.mask].stamp.Load())
	}
	for run < want {
		length := l.length(pos + run)
		if length == 0 {
			break
		}
		run += length
	}
	return pos, run, stamp
}

// headTime is HeadTime of the ring with that head.
func (l *spanLog) headTime(head *atomic.Uint64) (stamp int64, ok bool) {
	for {
		w := head.Load()
		window()
		_, run, stamp := l.look(w, 1)
		if head.Load() == w {
			return stamp, run > 0
		}
		// The head moved: the stamp may be of a later lap.
	}
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
	start := &l.starts[pos&l.mask]
	release.Relaxed(&start.stamp, uint64(stamp))
	if n > 1 {
		release.Relaxed(&l.ends[(pos+n-1)&l.mask], uint64(stamp))
	}
	// Pairs with the load in length: who sees the header sees the slots and
	// the stamps.
	release.Store(&start.header, header(pos, n, l.spanMask))
}
