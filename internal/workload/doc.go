// Package workload says what a benchmark makes a service do: how long the
// service times are (Service), how they are spent (Spin), in which stages
// (Graph), and what goes through them (Request).
//
// A Handler joins these to the code that every architecture runs: Step does
// one stage's work for one request and names the stages that come next. How a
// request gets to the next stage - by a ring, a channel, a function call - is
// all that architectures differ in, and is not in this package.
package workload
