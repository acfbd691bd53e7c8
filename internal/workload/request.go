package workload

import (
	"sync/atomic"

	"github.com/seda-go/seda/internal/release"
)

// Request is one event of the benchmark. It belongs to whoever makes the load
// until it is submitted, and again from the moment it is done; between, to the
// architecture, one stage after another or, after a fan-out, one goroutine per
// branch. Requests are recycled, so an architecture must not touch one after
// the Step that may have ended it.
//
// What the load generator writes and what workers write stand together, so
// that a worker fetches one cache line for a short graph and not two; the size
// is a multiple of a line, so that requests do not share one.
type Request struct {
	// done is 0 in flight, lost if the request expired, else when it was done. The worker that ends the request writes it; who makes
	// the load reads and clears it.
	done atomic.Int64
	// left has a bit for each edge that the request still has to take, of those where branches need one: set before submission,
	// cleared by workers.
	left atomic.Uint64

	// All others but seen and what trace and way lead to are written by whoever makes the load, before submission, and read by workers.

	// Due is when the request should have been submitted.
	Due int64
	// Submitted is when it was.
	Submitted int64
	// Client is who sent the request. A generator numbers them through, as if each request came from somebody else.
	Client int32
	traced bool
	// Kind is which kind of request this is: what a Source with several kinds drew.
	Kind  uint8
	work  [MaxStages]uint32 // turns of the spin loop, by stage
	trace *Trace            // where the stages note their times; unused unless traced
	way   *way              // unused where all requests go the same way
	// Key is whose request this is, for keyed stages.
	Key uint32
	// seen has the stages that have handled the request, of those that do so while no other stage can; see Graph. Only workers use it, one after another:
	// the last clears it. It is far from what the load generator reads and writes, so that noting a stage costs no cache line.
	seen uint32
}

// DoneAt returns when the request was done, 0 while it is in flight, and a
// negative number if it expired. Seeing it done synchronizes after everything
// that was done to the request.
func (r *Request) DoneAt() int64 { return r.done.Load() }

// lost is when an expired request was done.
const lost = -1

// Lost ends a request that was accepted and will not be handled to the end. It
// is not for graphs with several leaves, where other branches may still use it.
func (r *Request) Lost(error) {
	r.seen = 0
	release.StoreInt(&r.done, lost)
}

// Traced reports whether the stages note their times in this request.
func (r *Request) Traced() bool { return r.traced }
