// Package perf counts events of threads through perf_event_open: page faults,
// moves between CPUs, and what the hardware counts, where it does and the kernel
// allows it.
//
// Hardware events of a thread are counted together, so that their ratios are
// right. Where the processor has fewer counters than there is to count, it takes
// turns, and values are scaled up to all of the time. A thread may always count
// what it does itself in user mode; with CAP_PERFMON, or where
// kernel.perf_event_paranoid is 1 or less, what the kernel does for it too. One
// that registers with less than the source was opened with counts less.
//
// A reading takes one system call for each of the two groups. That a thread could
// read its counters without (rdpmc) is not made use of: who reads is another one.
package perf
