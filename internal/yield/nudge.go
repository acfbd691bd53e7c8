//go:build yield || invariants || race

package yield

import (
	"runtime"

	"github.com/seda-go/seda/internal/invariant"
)

func nudge() {
	if invariant.Sometimes(64) {
		runtime.Gosched()
	}
}
