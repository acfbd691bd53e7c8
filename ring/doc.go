// Package ring has bounded queues that move events between threads in batches.
//
//	        producers  consumers  made for
//	SPSC    one        one        a pair of threads; single events and batches
//	MPSC    many       one        many submitters in front of one worker
//	MPMC    many       many       stages that several workers fill and empty
//	Slot    many       many       the latency of a single event
//
// Where either side is one goroutine, the ring for that is the faster one. MPMC
// is for batches: it moves 64 small events in a third of the time of Slot. Slot
// is for events that come one by one, and are small: a round trip takes a little
// less time than over MPMC, and a stream of single events as much.
//
// A ring is made by its constructor, and must not be copied. The zero value is
// of no use: pushes to it fail, or panic.
//
// # Contract
//
// All four have the same methods. None of them blocks, waits for another
// goroutine, allocates, or makes a system call: waiting, waking and draining
// are for the code above. A push gives the time at which its events entered
// (any int64; nanoseconds on the caller's clock), a pop returns that of the
// oldest event it took, and HeadTime tells it to anybody.
//
// Order. First in, first out. Pushes that overlap are ordered by their claims;
// the events of one push stay together, in order, and become visible at once.
//
// Capacity. A power of two from 2 to 4194304, all of it usable. PushBatch
// pushes what fits, also of a batch larger than the ring; PushAll pushes all
// or nothing, and fails for more than Cap.
//
// Progress. SPSC is wait-free. The others are lockless, which is less than
// lock-free: no call waits, and a retry inside a call means that another call
// succeeded, but a goroutine that is stopped between claiming slots and
// publishing them hides the events behind them until it goes on, and one
// stopped between claiming events and freeing their slots keeps producers from
// the slots behind them. Others of its own side go on. Ordinary goroutines can
// be stopped for milliseconds; who cannot bear that gives them a ring of their
// own.
//
// Spurious failure. Len counts events from their claim on (SPSC: from just before
// their publication): while a push overlaps that has come to the one and not to
// the other, a pop may find fewer events than Len says, and none, and HeadTime
// none. A push may find less room than there is, and none, while a pop
// overlaps it that has claimed and not yet freed (MPMC, Slot). How many events
// pops of SPSC find published, and how much room pushes of SPSC and MPSC find, is
// exact for a moment during the call.
//
// Sealing. Seal (MPSC, MPMC) cuts between the pushes that are accepted and
// those that are not, exactly and without a counter: the seal is a bit of the
// word with which pushes claim. Once Sealed is true, a Len of 0 means that the
// ring stays empty for ever.
//
// Memory order. What a producer did before a push synchronizes before the
// return of the pop that takes its first event; what a consumer did before it
// called a pop synchronizes before the return of a push that fills the slots
// again. Nothing is ordered after a push: publication is a release store, and a
// producer that then looks whether somebody sleeps needs a fence in between.
// Without one, a pop on another CPU may by the clock begin after a push has
// returned and not find its events yet, and likewise a push the freed slots.
//
// So who lets a consumer sleep has to put a read-modify-write of sync/atomic
// between its push and its look: a send to a channel, in a select with a
// default, looks by a plain load whether there is room, and passes the
// push. The consumer says that it is going to sleep by such an operation, too,
// and looks at the ring once more before it does. The example of MPSC.Len shows
// both.
//
// Memory. Popped slots of types with pointers are cleared before they are
// freed, so a ring keeps alive only what waits in it. The types say how many
// bytes a slot takes besides its event.
//
// Cost. Nanoseconds, and where they go, are in docs/decisions. An event is
// copied twice; Push and Pop pass it by value, so one of more than a few words
// is moved faster by PushBatch and PopBatch with a slice of one. While the
// collector marks, an event with a pointer costs some 25 ns more (a channel: 30),
// for the write barriers of its way in, out, and of clearing the slot.
//
// # Sources
//
// The span rings (MPSC, MPMC) share with BBQ (Wang et al., "BBQ: A Block-based
// Bounded Queue for Exchanging Data and Profiling", USENIX ATC 2022) that
// what is published, and claimed, is more than one slot, and that neither side
// reads the other's cursor; their spans have no fixed length, and an enqueuer
// never waits for another. Slot is Dmitry Vyukov's bounded MPMC queue (2010).
// SPSC has the cached index of Lee, Bu and Chandranmenon ("A Lock-Free,
// Cache-Efficient Multi-Core Synchronization Mechanism for Line-Rate Network
// Traffic Monitoring", IPDPS 2010) on the side of the producer, while the
// consumer follows the published spans as in FastForward (Giacomoni, Moseley
// and Vachharajani, PPoPP 2008).
package ring
