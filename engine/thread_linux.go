package engine

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// onMainThread reports whether the calling thread is the process's first, which does not end with a goroutine locked to it.
func onMainThread() bool { return unix.Gettid() == unix.Getpid() }

// threadID returns the kernel's id of the calling thread.
func threadID() int { return unix.Gettid() }

// statusOf reads what the kernel says of a thread of this process. About 5 us; ok is false for a thread that has ended, and where /proc
// is not mounted.
func statusOf(tid int) (st threadStatus, ok bool) {
	var buf [8 << 10]byte
	return parseStatus(readTask(tid, "status", buf[:]))
}

// onCPUOf reads how long a thread of this process has run, to a tick of the kernel. About 2 us.
func onCPUOf(tid int) (time.Duration, bool) {
	var buf [128]byte
	return parseOnCPU(readTask(tid, "schedstat", buf[:]))
}

// readTask reads a file about a thread, as far as buf goes, without the heap and the poller that package os brings in.
func readTask(tid int, file string, buf []byte) []byte {
	fd, err := unix.Open("/proc/self/task/"+strconv.Itoa(tid)+"/"+file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	n, _ := unix.Read(fd, buf)
	_ = unix.Close(fd)
	return buf[:max(n, 0)]
}
