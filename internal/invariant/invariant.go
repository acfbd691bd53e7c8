package invariant

import (
	"fmt"
	"math/rand/v2"
)

// Check panics with the formatted message when Enabled and ok is false. It is
// safe for concurrent use. When not Enabled it is inlined to nothing, but its
// arguments are still evaluated; when Enabled, passing args allocates.
func Check(ok bool, format string, args ...any) {
	if Enabled && !ok {
		panic("invariant broken: " + fmt.Sprintf(format, args...))
	}
}

// Sometimes reports true about once in oneIn calls, pseudo-randomly, when
// Enabled, and always false when not. oneIn of 1 or less means every call. It
// is safe for concurrent use and costs a few nanoseconds when Enabled.
func Sometimes(oneIn int) bool {
	return Enabled && (oneIn <= 1 || rand.IntN(oneIn) == 0)
}
