package workload

import "time"

// Clock counts nanoseconds since it was made, monotonically. It is immutable
// and safe for concurrent use.
type Clock struct{ start time.Time }

// NewClock returns a clock that starts now.
func NewClock() Clock { return Clock{start: time.Now()} }

// Now returns the nanoseconds since the clock was made. It costs 20 to 30 ns
// and never blocks.
func (c Clock) Now() int64 { return int64(time.Since(c.start)) }
