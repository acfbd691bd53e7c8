package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// ProcessTime returns the processor time of all threads of the process, ended
// ones included; 0 where it cannot be told.
func ProcessTime() time.Duration { return usage(unix.RUSAGE_SELF) }

// threadTime returns that of the calling thread.
func threadTime() time.Duration { return usage(unix.RUSAGE_THREAD) }

// otherThreadsTime returns that of all others.
func otherThreadsTime() time.Duration { return ProcessTime() - threadTime() }

func usage(who int) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
