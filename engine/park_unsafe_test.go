//go:build linux

package engine

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The kernel may wake a sleeper for no reason: it goes back to sleep until there is a permit.
func TestSleeperIgnoresWakeUpsWithoutPermit(t *testing.T) {
	var p parker
	left := make(chan struct{})
	go func() {
		p.park(noLimit)
		close(left)
	}()
	for wakes := 0; wakes < 3; { // wakes of a thread that did sleep; the second one found it asleep again
		n, _, _ := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&p.permit)), futexWakePrivate, 1, 0, 0, 0)
		wakes += int(n)
		select {
		case <-left:
			require.FailNow(t, "it left without a permit")
		default:
		}
	}
	p.unpark()
	<-left
	p.unpark() // one that comes first makes the next sleep short
	p.unpark()
	p.park(noLimit)
	require.Zero(t, p.permit.Load())
}
