package engine

import "golang.org/x/sys/unix"

// onMainThread reports whether the calling thread is the process's first, which does not end with a goroutine locked to it.
func onMainThread() bool { return unix.Gettid() == unix.Getpid() }

// threadID returns the kernel's id of the calling thread.
func threadID() int { return unix.Gettid() }
