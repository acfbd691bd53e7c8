// Package sched holds the decisions of the engine as pure values and functions: what a Policy sees (System, Snapshot) and what it decides (Draft, Plan) -
// which stages a worker serves, how large batches are, how many threads a blocking stage has, what may come in - and which of its stages a
// worker runs next (Picker). Nothing here reads a clock, starts a goroutine, touches an atomic or does I/O: time comes in as a number of
// nanoseconds, so the same code runs in the engine, in a test and in a simulator (sched/sim).
//
// A policy of one's own is a type with Decide, and a Maker for engine.Config.Policy or sim.Options. A law is a policy that decides about one part of
// the plan; Laws put several together, those of this package (Batch, Threads, Admission, Cores) and others. Find has policies by name.
//
// Stages, workers and sources are known by index, in all slices the same as in System. The engine numbers its stages downstream first: a stage that
// only consumes has a lower index than the stages that feed it, and "lower index first" is therefore "finish what was started before taking in more".
//
// Values of this package are not safe for concurrent use unless they are only read; a Plan is never changed once published.
package sched
