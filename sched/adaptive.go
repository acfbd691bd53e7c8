package sched

import "errors"

// Adaptive makes the default policy: the laws of batches, of threads, of cores and of admission, one after the other. The laws act on times far apart - a
// batch within a tick, an assignment within some, rates within a tenth of a second - so that each sees what the faster ones have settled on.
func Adaptive(y *System) (Policy, error) {
	var laws Laws
	var errs []error
	for _, maker := range []Maker{Batch, Threads, Cores, Admission} {
		law, err := maker(y)
		laws, errs = append(laws, law), append(errs, err)
	}
	return laws, errors.Join(errs...)
}
