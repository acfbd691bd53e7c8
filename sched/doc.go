// Package sched holds the decisions of the engine as pure values and functions: which stages a worker serves (Plan) and which of
// them it runs next (Picker). Nothing here reads a clock, starts a goroutine, touches an atomic or does I/O: time comes in as a
// number of nanoseconds, so the same code runs in the engine, in a test and in a simulator.
//
// Stages and workers are known by index. The engine numbers its stages downstream first: a stage that only consumes has a lower
// index than the stages that feed it, and "lower index first" is therefore "finish what was started before taking in more".
//
// Values of this package are not safe for concurrent use unless they are only read; a Plan is never changed once published.
package sched
