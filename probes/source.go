package probes

import "sync/atomic"

// A Source knows things of threads. Its methods are safe for concurrent use, but for Close, which must come after all other calls have
// returned; threads may still be open, and end later.
type Source interface {
	// Origin says where the metric comes from; for None, why.
	Origin(Metric) (Origin, Reason)

	// Register begins to watch the calling thread, which must be locked to its goroutine. It costs some system calls.
	Register() (Thread, error)

	// Close ends the watching. Threads know nothing new from then on.
	Close() error
}

// A Thread is one thread in the eyes of a source. All methods are safe for concurrent use, and after Close too.
type Thread interface {
	// Word is where the thread writes what it is at: 0 for nothing in particular, or a number of the caller's choice, which must be below the
	// source's limit. It is on a cache line of its own, a store is all it costs, and only the registered thread may do that, until Close.
	// Nil: nobody would read it.
	Word() *atomic.Uint32

	// Read sets in v what this source provides, up to the time now, which is Now() read not long ago. It reports false, with v as it was, if
	// there is nothing to be known: the thread was closed, or has ended and its values with it.
	Read(now int64, v *Values) bool

	// AddStage adds to v what happened, up to the time of the last switch, while the word was stage. It reports false, with v as it was, if that is not known:
	// as with Read, and where stage is not below the source's limit.
	AddStage(stage uint32, v *StageValues) bool

	// Preemptors lists who took the thread's CPU, by falling time. It costs system calls.
	Preemptors() ([]Preemptor, error)

	// Close ends the watching of the thread. Any goroutine may call it, also when the thread has ended.
	Close() error
}
