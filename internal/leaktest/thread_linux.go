package leaktest

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
)

// OnThread runs f in a goroutine on a thread of its own, which has ended when OnThread returns: what the kernel knew of it is gone, too.
func OnThread(f func()) {
	var tid int
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread()
		tid = syscall.Gettid()
		f()
	})
	done.Wait()
	for !errors.Is(syscall.Tgkill(os.Getpid(), tid, 0), syscall.ESRCH) {
		runtime.Gosched()
	}
}
