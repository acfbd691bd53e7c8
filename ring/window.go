package ring

import (
	"runtime"

	"github.com/seda-go/seda/internal/invariant"
)

// window is called where others may come in between: after a claim and before
// its publication, and between reading and acting on what was read. Builds
// with invariants let them run there now and then; in others it is nothing,
// not even a call: only an if whose condition is the constant costs the
// inliner nothing.
func window() {
	if invariant.Enabled {
		if invariant.Sometimes(64) {
			runtime.Gosched()
		}
	}
}
