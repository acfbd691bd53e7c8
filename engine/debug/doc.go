// Package debug serves what an engine knows of itself over HTTP, in the manner of net/http/pprof: its statistics, the stage graph with
// live numbers, metrics for Prometheus, and the last decisions of its policy with their reasons. It is a package of its own so that
// package engine, and programs that do not want it, do not link net/http. There is nothing to be imported for its side effect: a
// program mounts the Handler where it wants it.
//
//	mux.Handle("/debug/seda/", debug.Handler(e))
//
// What is served, below the path that the Handler is mounted at:
//
//	(nothing)   a page that shows the graph and has links to the rest
//	stats       engine.Stats as JSON, with a "schema": seda-debug/1. Times are in nanoseconds
//	metrics     engine.Metrics in the text format of Prometheus: /stage/depth:events is seda_stage_depth_events, a counter ends in _total
//	explain     engine.Explain, one JSON object a line, the latest last; ?n=20 leaves the last 20
//	graph.svg   the graph as a picture
//	graph.dot   the same for Graphviz
//
// "sedabench top" shows a running program by these, in a terminal.
//
// # Who may look
//
// Everything is read only, and nothing of the events themselves is shown, but names of stages and inlets, rates and reasons are. There is
// no authentication: serve it where only operators come, on a loopback address or a unix socket of the program's user, not on the
// service's public address.
//
// # Cost
//
// Nothing while nobody asks. A request reads the engine's counters, which takes microseconds and stops no worker; the rest is writing
// text on the goroutine of the request: of thirty stages 0.2 ms for stats, 0.6 ms for the picture, 1.3 ms for metrics. The handler keeps no
// state, starts no goroutine, and works before Start and after Close.
package debug
