package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// processTime returns the processor time of all threads, ended ones included.
func processTime() time.Duration { return usage(unix.RUSAGE_SELF) }

// otherThreadsTime returns it without the calling thread's.
func otherThreadsTime() time.Duration { return processTime() - usage(unix.RUSAGE_THREAD) }

func usage(who int) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
