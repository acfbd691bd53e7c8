// Package leaktest fails a test binary that leaves goroutines, changed OS
// threads or file descriptors behind. Use it as
//
//	func TestMain(m *testing.M) { leaktest.Main(m) }
//
// # What counts as a leak
//
// Main compares what exists after the tests with what existed before them, and
// gives what is still ending a grace period of a few seconds.
//
//   - Goroutines: any goroutine that was not there before, other than those the
//     standard library starts once per process. A worker that is still locked
//     to its thread is such a goroutine, so a leaked worker thread shows here,
//     with its stack.
//   - OS threads: any thread whose CPU affinity differs from that of all
//     threads before the tests. The number of threads is not compared: the
//     runtime keeps an idle thread for every thread it ever needed at once and
//     hands them out again, so a larger number proves nothing, while a thread
//     without a goroutine is always one of these. Its mask is what can go
//     wrong: a worker that pinned its thread and then unlocked it, a thread
//     cloned from a pinned one, or confined threads that were never released
//     all leave a thread on which ordinary goroutines will run on too few
//     CPUs. A worker that ends while locked destroys its thread, and with it
//     the mask.
//   - File descriptors: any descriptor that was not there before, or that now
//     refers to something else, named by what it refers to.
//
// Threads and descriptors are read from /proc and are not compared where there
// is none. Goroutines are compared everywhere. A binary that is fuzzing is not
// checked: the fuzzing engine owns processes and pipes of its own.
package leaktest
