//go:build linux

package main

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

var errUnlucky = errors.New("unlucky")

// fails reports whether suffer does not return nil.
func fails(luck uint64) bool { return luck%211 == 0 || luck%1009 == 0 || luck%4001 == 0 }

// suffer ends a handler well or in one of several other ways.
func suffer(luck uint64) error {
	switch {
	case luck%4001 == 0:
		runtime.Goexit()
	case luck%1009 == 0:
		panic(errUnlucky)
	case luck%211 == 0:
		return errUnlucky
	case luck%60_013 == 0:
		spin(12 * time.Millisecond)
	case luck%509 == 0:
		spin(20 * time.Microsecond)
	case luck%127 == 0:
		runtime.Gosched()
	case luck%131 == 0:
		garbage.Store(new([256]byte))
	}
	return nil
}

// garbage keeps the compiler from leaving allocations out.
var garbage atomic.Pointer[[256]byte]

func spin(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

// wait blocks now and then, in one of the ways that occupy a thread or do not.
func wait(luck uint64) {
	switch luck % 40 {
	case 0:
		time.Sleep(time.Duration(luck >> 40 % uint64(time.Millisecond)))
	case 1:
		t := unix.NsecToTimespec(int64(luck >> 40 % uint64(300*time.Microsecond)))
		_ = unix.Nanosleep(&t, nil)
	}
}

// silent reports whether a query is let go without an answer.
func silent(luck uint64) bool { return luck%503 == 0 }

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
