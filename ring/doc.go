// Package ring has bounded queues that move events between threads in
// batches: SPSC, MPSC, MPMC and Slot.
package ring
