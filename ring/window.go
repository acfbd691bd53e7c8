package ring

import (
	"runtime"

	"github.com/seda-go/seda/internal/invariant"
)

// window is called where others may come in between: after a claim and before
// its publication, and between reading and acting on what was read. Builds
// with invariants let them run there now and then; in others it is nothing.
func window() {
	if invariant.Sometimes(64) {
		runtime.Gosched()
	}
}
