//go:build !linux

package probes

import "time"

const onLinux = false

var start = time.Now()

// Now returns the time in nanoseconds since the program began.
func Now() int64 { return int64(time.Since(start)) }
