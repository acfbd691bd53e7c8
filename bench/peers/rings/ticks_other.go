//go:build !amd64

package main

import "time"

var epoch = time.Now()

// ticks is the monotonic clock, in nanoseconds.
func ticks() uint64 { return uint64(time.Since(epoch)) }
