// Package sim is a discrete-event simulation of what package engine does: stages, rings and workers, driven by the very sched.Policy and
// sched.Picker that the engine runs. It answers what a machine at hand cannot: how an assignment, a law or a service behaves on machines
// with other numbers of cores, other caches and other loads.
//
// A simulation is a function of its arguments: the same System and Options give the same Result, bit for bit. Arrivals and each stage
// draw from random streams of their own, so two policies see the same arrivals.
//
// What is simulated is a turn of a worker: see a new plan, pick a ready stage (Picker), take a batch of what is there, spend what it costs, push
// what it emitted or go on with it directly, wake whoever has to know. What it costs is described by Stage and Costs. Events are
// numbers, handlers do nothing.
//
// Fluid is the bound that no assignment beats, BestStatic the best assignment that a search finds.
package sim
