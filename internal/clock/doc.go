// Package clock reads a monotonic clock for little more than the price of reading the CPU's counter.
//
// A worker reads the time once or twice per batch, and with small batches that is a good part of what a batch costs. On amd64, where
// the kernel itself keeps time by the time-stamp counter (its current clock source is "tsc", so the counter is invariant, runs through
// sleep states and agrees between CPUs), Now reads that counter and scales it: about 12 ns on the machine where time.Since takes 27.
// Everywhere else Now is time.Since.
//
// The scale is measured once per process against the runtime's clock, over two milliseconds, to about 20 parts in a million; unlike that
// clock it is not slewed afterwards. Times are for differences within the process, up to the accuracy of a quartz.
package clock
