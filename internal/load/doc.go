// Package load offers requests to a service and measures what becomes of them.
//
// # Two kinds of load
//
// Open loop (Fixed, Poisson): when a request is due follows from the seed and
// the rate alone, whatever the service does. Closed loop (Closed): a number of
// clients, each of which submits its next request when the last is done.
//
// # What is measured
//
// The sojourn time of a request is from when it was due, not from when it was
// submitted, to when its last stage ended. So a generator that falls behind
// does not hide the delay it causes. By how much it falls behind, the
// lateness, is measured for every request, and Late says when it is too much
// for the run to count. In closed loop a request is due when the client's
// previous one is done, and lateness is the time the generator took to notice.
//
// # Who makes the load
//
// A goroutine of its own, locked to a thread that is pinned to a CPU that no
// worker uses, spins on the clock. While it waits it looks through the requests
// in flight for those that are done, so that ending a request costs a worker
// one store, and all recording happens on the generator's CPU. Where no CPU is
// left for it, the workers themselves make the load, in closed loop:
// whoever ends a request submits that client's next one.
package load
