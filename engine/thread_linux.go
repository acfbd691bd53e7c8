package engine

import "golang.org/x/sys/unix"

// onMainThread reports whether the calling thread is the process's first, which does not end with a goroutine locked to it.
func onMainThread() bool { return unix.Gettid() == unix.Getpid() }
