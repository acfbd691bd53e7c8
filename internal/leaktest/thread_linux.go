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
	tid := 0
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread()
		if syscall.Gettid() == os.Getpid() { // the main thread outlives every goroutine: while this one has it, the next has another
			defer runtime.UnlockOSThread()
			OnThread(f)
			return
		}
		tid = syscall.Gettid()
		f()
	})
	done.Wait()
	for tid != 0 && !errors.Is(syscall.Tgkill(os.Getpid(), tid, 0), syscall.ESRCH) {
		runtime.Gosched()
	}
}
