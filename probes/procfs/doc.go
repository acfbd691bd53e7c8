// Package procfs reads what /proc tells every process of its own threads: time
// on a CPU, time in the run queue, and switches. It is the source that needs no
// privilege.
//
// The kernel brings the time of a running thread up to date at its ticks, so a
// reading may be some milliseconds old. What a thread waits after it lost its CPU
// is in the time in the run queue. A reading takes 1 to 6 us.
package procfs
