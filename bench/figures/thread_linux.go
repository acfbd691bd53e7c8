package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is what the calling thread used of its CPU.
func threadTime() (time.Duration, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano()), err
}

func threadID() int { return unix.Gettid() }

// rawPipe is a pipe whose descriptors block the thread, not the goroutine.
func rawPipe() (r, w *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe"), nil
}

// bounce sends a byte back and forth.
func bounce(in, out *os.File, first bool) error {
	from, to := int(in.Fd()), int(out.Fd())
	buf := []byte{1}
	if first {
		if _, err := unix.Write(to, buf); err != nil {
			return err
		}
	}
	for range probeRounds {
		if _, err := unix.Read(from, buf); err != nil {
			return err
		}
		if _, err := unix.Write(to, buf); err != nil {
			return err
		}
	}
	return nil
}
