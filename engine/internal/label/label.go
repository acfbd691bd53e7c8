package label

import (
	"fmt"
	"time"
)

// Some is a further number, unless it is zero.
func Some(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d %s", n, what)
}

// Short leaves three digits or so.
func Short(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}
