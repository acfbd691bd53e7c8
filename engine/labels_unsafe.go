package engine

import (
	"context"
	"runtime/pprof"
	"unsafe"
)

// labels are the profile labels of a goroutine that runs a stage. A worker changes them with every batch, so they are kept in the form in which
// the runtime has them: pprof.SetGoroutineLabels would look them up in a context each time, which takes as long as the rest of taking over a
// batch.
type labels struct{ form unsafe.Pointer }

// makeLabels finds that form by letting the runtime set the labels once.
func makeLabels(engine, stage, worker string) labels {
	before := getLabels()
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("engine", engine, "stage", stage, "worker", worker)))
	l := labels{getLabels()}
	setLabels(before)
	return l
}

// set gives the labels to the calling goroutine.
func (l labels) set() { setLabels(l.form) }

// The runtime keeps both for packages that use them like this: go.dev/issue/67401.
//
//go:linkname setLabels runtime/pprof.runtime_setProfLabel
func setLabels(form unsafe.Pointer)

//go:linkname getLabels runtime/pprof.runtime_getProfLabel
func getLabels() unsafe.Pointer
