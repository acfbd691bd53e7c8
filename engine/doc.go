// Package engine runs an event-driven service as a network of stages on one Linux machine.
//
// # Model
//
// A stage is a handler with bounded queues in front of it. Stages are joined by typed edges; handlers emit events along them. Workers,
// by default one less than the CPUs the process may use, each pinned to its CPU, take batches of events from the queues and run the
// handlers. A plan says which worker serves which stages; what moves between workers is this assignment, never a thread. So a stage is
// code, a queue is where concurrency is bounded, and a core is a resource, and any graph runs on any number of cores from one up.
//
// # Usage
//
// Make an engine with New, add stages with Add, join them with Connect, give them handlers, call Start. From then on any goroutine may
// hand events in with Submit (waits for room), TrySubmit (does not wait) or Call (waits for a reply), and end the engine with Drain
// (finishes what was accepted) or Close (does not). The zero Config and a StageConfig with no more than a name are good defaults.
// Start reports every mistake in the graph at once. Events that belong together, for one stage or several, are handed in by a Splitter,
// all or nothing.
//
// What is to happen later, a handler sends with Edge.After instead of waiting for it: a retry, a time-out. What is to happen at regular
// times, a stage gets from Every. Both are kept by the workers, cost nothing while nothing is due, and never fire early.
//
// # Concurrency
//
// Handlers of one stage run on several workers at a time, unless the stage is Serial, or has a Key and the events' keys are equal. What a handler is given, the Context and the batch,
// is valid until it returns. A handler must not block: it holds up every stage its worker serves. One that has to - on a file, a lock,
// another service - belongs into a stage with Blocking, which runs it elsewhere. A handler must not call Submit, Call, Drain or
// Close on its own engine; it emits instead.
//
// Order: an inlet is first in, first out into its stage. A serial stage keeps that order and passes it on, so through a chain of serial
// stages the events of one inlet stay in order. A keyed stage does the same for the events with one key, while those with other keys
// run on other workers: its events are divided into shards by key, and a worker holds a shard while it runs a batch of it. A stage of
// neither kind that several workers serve promises no order. Classes are exempt: an event of a higher class overtakes.
//
// What a goroutine does before it submits an event synchronizes before the handler's start on that event; what a handler does before it
// returns synchronizes before the handlers of the events it emitted, and before the return of a Call it replied to. One batch of a
// serial stage, or of one shard, synchronizes before the next, so handlers may keep state without locks: a serial stage anywhere, any
// stage in a Local, of which there is one for each shard, or for each worker.
//
// # Overload
//
// Every queue is bounded. An edge whose target is full blocks (the default: the stages before it are held back, while no thread waits),
// drops, or fails the event being handled, by its Full field; a cycle needs one edge that does not block, because of its Full field or
// because it is Timed. Held back all the way, the stages at the entrance fill up, and TrySubmit fails with ErrFull while Submit waits in
// a bounded line. An event that was accepted is handled, or accounted for: its handler failed or panicked, which goes to the stage's
// failure edge and costs nobody else anything, or an edge dropped it, or it was too late for its deadline, or for the stage's MaxAge,
// and expired before it cost service time. The Reply of an event that is dropped, fails, expires or is left behind is answered with the
// reason; only a handler that lets go of an event without an answer leaves its caller waiting.
//
// While anything runs a policy (Config.Policy) looks at the engine every few milliseconds and decides which workers serve a stage, how large
// batches are, how many batches are in the handler of a blocking stage, and what each inlet lets in. A stage with a Target is where the latter
// begins: rather than let events wait for longer than they may, the policy limits how many wait in an inlet, or how many come in a second, lowest
// class first. What a limit keeps out, in whatever way it is submitted, fails at once with a *RefusedError, which is ErrRefused and says when to try
// again, and costs little and no allocation. A Splitter is limited as a stage of its own, whose events are submissions; the stages it leads to get theirs over
// edges, which no limit concerns. Who wants to choose by content, not by number, sets StageConfig.Admit. Engine.Explain tells what was decided,
// why, and what came of it, with the steps of a search in one; Config.Trace keeps all of what the policy was shown and decided, and Replay shows it to another one.
//
// A policy that panics, does not return or decides the impossible changes nothing: what was decided last holds, the log names the fault once, and
// after enough of them in a row the policy is asked no more.
//
// # Observing
//
// Stats reads the counters and states the laws they keep; Metrics and Samples give the same as a table for any exporter. Goroutine
// profiles and CPU profiles carry the labels engine, stage and worker. Config.Log gets one line for whatever an operator should know.
// Stats.WriteDOT draws the graph with its numbers. Package debug serves all of this over HTTP. Stage.Sample looks at what waits in one stage, and for how long, and stops nobody for it.
//
// While anything runs, the watch, one goroutine of the engine, looks at the workers every 10 ms; when all of them sleep, so does it. A batch
// that has been running for more than 10 ms holds up every stage its worker serves: the watch names its stage in the log, at most once a
// second, and StageStats.Long counts such batches. It goes by the clock: a handler whose CPU others take looks the same. Handlers of blocking stages hold up no worker, and may take long. WorkerStats says what
// each worker has in hand, and since when. A handler that makes the thread of a pinned worker sleep again and again - on a channel, a
// mutex, the network - is named in the log too, and StageStats.Blocked estimates how often it did. Shared workers have no thread of their
// own: for them there is only the first rule.
//
// A pinned worker whose CPU goes offline or leaves the cpuset is moved to one that no worker has, or runs anywhere if there is none, and
// comes back with its CPU; the watch looks once a second, and each change is a line in the log. Several engines of one process keep off
// each other's CPUs: see Config.CPUs.
//
// # Testing
//
// Package enginetest runs a graph in a test's own goroutine, under a clock that the test moves and in an order that a seed decides, with
// failures and full rings where the test wants them. In tests that are about real threads, Config{Workers: 1, Kind: Shared} needs no CPU
// of its own; Drain, and everything submitted has been handled.
package engine
