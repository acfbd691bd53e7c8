package engine

import (
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/sched"
)

// hand is what one worker holds of one stage: the batch it is running, and its counters, which it writes and others read.
type hand[T any] struct {
	buf    []T   // what batches are popped into
	batch  []T   // the batch: part of buf, or what an edge handed over
	n      int   // events in batch
	i      int   // the one being handled
	shard  int   // where the batch comes from
	misses int   // looks in vain in a row
	head   int64 // enqueue time of the oldest event of the batch
	mix    mix   // stages without tokens

	raw     []noted[T] // what batches with notes are popped into
	notes   []note     // beside buf and batch
	expires []Time     // and when the events of a batch that was just taken do
	next    int        // stages of several shards: the one to look at first
	vain    []uint8    // and looks at each in vain

	popped  []atomic.Uint64 // by book: 0 what edges sent, through a ring or by hand, then each inlet
	count   counters
	sojourn *histogram // of the batches that the worker ended. nil in the hand of a blocking stage's slot
	_       [cacheLine]byte
}

// counters have one writer, the worker, and any number of readers.
type counters struct {
	completed, failed, expired, batches, panics, stalls atomic.Uint64
	direct                                              atomic.Uint64 // events handed over directly
	long                                                atomic.Uint64 // batches that took more than longBatch
	busy, wait                                          atomic.Uint64 // nanoseconds; busy is without lost
	lost                                                atomic.Uint64 // ns of batches in which the thread had no CPU, as far as probes know
	squares, products                                   atomic.Uint64 // sums over batches of events times events, and events times busy: see sched.Moments
	held                                                atomic.Uint64 // looks that found events, and no room ahead for what they would emit
}

// histogram is a sched.Histogram in the making. One writer.
type histogram [sched.Buckets]atomic.Uint64

// add counts one duration.
func (h *histogram) add(d time.Duration) { add(&h[sched.Bucket(int64(d))], 1) }

// add counts. A reader who has seen what an event did later, in its ring for instance, sees it counted, too: there is a Store in between.
func add(c *atomic.Uint64, n uint64) { release.Relaxed(c, c.Load()+n) }

func (h *hand[T]) open(s *Stage[T]) {
	h.buf = make([]T, s.maxBatch)
	h.popped = make([]atomic.Uint64, 1+len(s.inlets))
	if s.noted {
		h.raw = make([]noted[T], s.maxBatch)
		h.notes = make([]note, s.maxBatch)
		h.expires = make([]Time, s.maxBatch)
	}
	if len(s.shards) > 1 {
		h.vain = make([]uint8, len(s.shards))
	}
}
