// Package peers compares this project with other libraries. Its program rings measures the queues of package ring beside other bounded queues, and says
// in its own documentation how. This page is about the engine.
//
// The other programs measure the pipeline of three stages that bench/figures measures on the engine on other libraries: actors, pools and streams. It
// is a module of its own, so that nobody who uses the engine downloads them; each library has a program of its own, since two of
// them cannot be linked together.
//
//	cd bench/peers && go test ./...                      # every event arrives once, at each
//	cd bench/peers && go run ./hollywood -events 1000000 # nanoseconds per event
//	go run ./bench/figures engine.peers                  # all of them in turns, beside the engine
//
// # What is the same
//
// One goroutine makes events of 8 bytes, numbered from 0; two stages add one to each; the third checks that each comes once, and in order
// where the library keeps it. All runs are on the same two CPUs, of which the source uses its part, and each has a process of its own, which first
// sends a tenth of the events. Time is from the first send to the last arrival.
//
// # What each may do
//
// Every library is used as its documentation advises for throughput, and is spared what is not its business. Messages are pointers to events
// that are used again, so nothing is allocated or boxed by the pipeline; a library that allocates does so on its own account. As many messages may be
// under way as served it best, out of those in bench/results/2026-11-23-2cpu-x86_64/peers.txt. Memory is bounded in all:
//
//	hollywood    an actor a stage; inboxes have no bound, so the source waits while a window of messages is under way
//	protoactor   the same; the bounded mailbox, with which no window would be needed, was slower
//	goakt        the same, with the largest budget per turn that the documentation names; a bounded mailbox would block one of
//	             the two threads that run all actors
//	goaktstream  a stream of the same library from a channel, which asks its source for as much as it has room for. The two maps between
//	             source and sink are fused into one actor, as is the default
//	gostreams    two maps of parallelism 1, which keeps the order, joined by channels without a buffer
//	ants         a pool of a function a stage; a pool whose goroutines are busy blocks who sends
//
// With -batch a message holds that many events. No library offers that; a user of one who needs throughput would write it by hand.
//
// Ergo (ergo.services/ergo) is missing: its module could not be downloaded when this was written. The versions are the newest ones that could.
package peers
