// Package checks holds tests whose tools a user of this module should not have
// to download. It is a module of its own; run it with
//
//	cd checks && go test ./...
//	cd checks && go test -tags invariants ./...
//
// The second run widens the windows between claim and publication in the rings
// by yielding there now and then.
//
// # Linearizability of the rings
//
// Goroutines push to and pop from one small ring; every call is recorded with
// the time before and after it, what it was given and what it answered.
// Porcupine (Anish Athalye) then looks for an order of the calls in which each
// takes effect at one moment between its two times and a FIFO queue of the
// same capacity would have given the same answers.
//
// A batch is one operation: PushBatch appends what it accepted, PopBatch
// removes what it returned, at one moment, with nothing of another call in
// between. PushAll is all or nothing. Seal is an operation too: no push takes
// effect after it.
//
// The model is strict about what is there and lenient in one thing, which the
// rings document: a pop may return fewer events than there are (none, too)
// while a push overlaps it, and a push may accept fewer than there is room for
// while a pop overlaps it, since the other may stand between its claim and its
// publication. Where nothing of the other side overlaps, the answer must be
// exact. The pushes of SPSC and MPSC are held to exact answers always, and so
// are the pops of SPSC where all calls are of single events: a batch that was
// cut short was so at one moment and takes effect at a later one.
//
// HeadTime of SPSC is left out: while a pop is on its way it may already tell
// what comes after it. The litmus tests of package ring cover it.
package checks
