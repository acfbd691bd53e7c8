// Package queueing has what theory says of queues with one line and Poisson arrivals, to hold measurements against. Rates and times
// are of any unit, the same for all.
package queueing
