// Package release has the store with which rings and counters publish: a
// store that orders what came before it, and nothing that comes after it.
//
// # What it orders
//
// Everything the calling goroutine read or wrote before Store is done before
// the stored value can be seen. A sync/atomic load that sees the value (or a
// later one) therefore also sees those writes: the Store synchronizes before
// the load, as an atomic store would. Stores made with this package by one
// goroutine become visible in the order they were made.
//
// # What it does not order
//
// A load that follows Store in the program, of another variable, may be
// performed before the stored value is visible to others (the StoreLoad
// order is missing), and Store is not part of the single total order that
// the sync/atomic operations have. So a protocol of the form "write mine,
// then look at theirs" - Dekker's, announcing oneself before going to sleep,
// publishing before looking whether somebody sleeps - is broken with Store
// alone. Such code must use sync/atomic (a Store of the Go runtime, a swap, a
// compare-and-swap) or Fence between the two, and say so.
//
// The race detector and its tests do not show that mistake: under -race the
// stores here are ordinary atomic stores.
//
// # How and why
//
//	amd64           a plain MOV, in line. The architecture (x86-TSO) keeps
//	                loads and stores in order before a store. So does the Go
//	                compiler, to which memory is one chain of states: a store
//	                makes the next one, and what reads a state is done before
//	                the store that ends it. The language does not promise that
//	                for plain stores, so a test of package ring looks at what
//	                the compiler made of every release store there.
//	elsewhere       sync/atomic. On arm64 the compiler makes STLR of it, in
//	                line: the release store of that architecture already.
//	under -race     sync/atomic, which the race detector understands.
//
// On amd64 sync/atomic's store is an XCHG: five to six nanoseconds, during
// which the core waits until it owns the cache line and its store buffer is
// empty. With the plain store it goes on, and the line is fetched meanwhile.
//
// The memory order of x86 is that of: Sewell, Sarkar, Owens, Zappa Nardelli,
// Myreen, "x86-TSO: a rigorous and usable programmer's model for x86
// multiprocessors", CACM 53(7), 2010.
package release
