//go:build !linux

package ring_test

import "runtime"

// pin locks the goroutine to its thread; threads cannot be pinned here.
func pin(int) { runtime.LockOSThread() }
