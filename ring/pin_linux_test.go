package ring_test

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// pin locks the goroutine to its thread and the thread to the nth CPU that the
// process may use, the first again after the last. The goroutine must end with
// the work: its thread ends with it.
func pin(n int) {
	runtime.LockOSThread()
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil || allowed.Count() == 0 {
		return
	}
	n %= allowed.Count()
	for cpu := range 1024 {
		if !allowed.IsSet(cpu) {
			continue
		}
		if n == 0 {
			var one unix.CPUSet
			one.Set(cpu)
			_ = unix.SchedSetaffinity(0, &one) // unpinned figures are worse, not wrong
			return
		}
		n--
	}
}
