//go:build !yield

package yield

import (
	"runtime"
	"sync"
	"time"
)

// Go starts f in a goroutine of the group, which may be nil. It does not count
// in it: Add and Done are the caller's.
func Go(_ *sync.WaitGroup, f func()) { go f() }

// Wait is group.Wait.
func Wait(group *sync.WaitGroup) { group.Wait() }

// Lock is mu.Lock.
func Lock(mu *sync.Mutex) { mu.Lock() }

// Until returns when cond holds, which somebody is about to bring about.
func Until(cond func() bool) {
	for !cond() {
		runtime.Gosched()
	}
}

// From returns c, for a receive that waits.
func From[T any](c <-chan T) <-chan T { return c }

// To returns c, for a send that waits.
func To[T any](c chan<- T) chan<- T { return c }

// Unless returns c, for a select that waits for c or other, the better of the
// two should both be ready.
func Unless[T, U any](c <-chan T, _ <-chan U) <-chan T { return c }

// Sleep comes before a sleep of at most the given time that ends when told
// holds. It returns how long that sleep may be: 0 is not at all.
func Sleep(most time.Duration, _ func() bool) time.Duration { return most }
