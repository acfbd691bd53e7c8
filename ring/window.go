package ring

import (
	"runtime"

	"github.com/seda-go/seda/internal/invariant"
)

// window is called where a goroutine has claimed and not yet published or
// freed. Builds with invariants let others run there now and then.
func window() {
	if invariant.Sometimes(64) {
		runtime.Gosched()
	}
}
