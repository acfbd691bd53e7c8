// Package enginetest runs the graph of an engine in a test: in one goroutine, under a clock that the test moves, in an order that a seed
// decides. The same seed gives the same run, so a failure can be replayed and looked at.
//
//	h := enginetest.Start(t, e, enginetest.Options{Seed: 1, Workers: 2})
//	shown := enginetest.Collect(h, toShow)
//	require.NoError(t, in.TrySubmit(request{...}))
//	h.Run()                     // until nothing is left to run
//	h.Advance(time.Second)      // timers fire in between
//	require.Equal(t, want, *shown)
//
// Build the graph as for Engine.Start, then call Start of this package instead. There are workers, as many as the test asks for, but no
// goroutines and no CPUs for them: Step lets one of them, chosen by the seed, run one batch; Run does so until none can. What a worker does
// in its step is what it does in a program, down to how it falls asleep and is woken, only not at the same time as others; so a run
// shows what an order of events can do, and not what a data race can, for which there is the race detector and the engine itself.
//
// # Time
//
// The engine's clock begins at 0 and moves only when the test says so: by Advance and Settle, by what Cost says a handler takes, and by
// a call that waits. Handlers see it as Context.Now; a handler that asks the time package gets the time of day. The deadlines of contexts
// made by Timeout pass on this clock, those of others never.
//
// # Calls that wait
//
// All of the test is one goroutine, and so are the handlers. A Submit that finds its inlet full, Call, Sample, and Drain let the engine run
// until they have what they wait for, and move the clock on to the next timer when nothing else can run. Where there is no timer either
// they return (with ErrRefused, ErrNoReply, an empty sample, a RemainsError) instead of waiting for ever. Handlers of blocking stages
// run in the step that takes their batch.
//
// # Trouble
//
// Fail and Panic let chosen events fail. Hold keeps a stage from being run, so that its rings fill up and what feeds it is held back.
// Assign changes the plan. A run that does not come to rest fails the test.
//
// # What a seed does not decide
//
// Goroutines that the test starts; the order of Go maps; and engine.Hash, which differs from process to process, and with it the shard of a
// key: use a hash of your own for runs of keyed stages that are to be replayed.
package enginetest
