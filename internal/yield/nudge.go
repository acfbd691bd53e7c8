//go:build yield || invariants || race

package yield

import (
	"runtime"
	"sync/atomic"

	"github.com/seda-go/seda/internal/invariant"
)

// interceptor is what comes at each Point instead of a nudge. Set by tests,
// read by everybody.
var interceptor atomic.Pointer[func()]

// Intercept has f called at every Point outside of a run until undo is called:
// a test can hold goroutines there as long as it likes.
func Intercept(f func()) (undo func()) {
	was := interceptor.Swap(&f)
	return func() { interceptor.Store(was) }
}

func nudge() {
	if f := interceptor.Load(); f != nil {
		(*f)()
	} else if invariant.Sometimes(64) {
		runtime.Gosched()
	}
}
