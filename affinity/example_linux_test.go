package affinity_test

import (
	"fmt"
	"runtime"

	"github.com/seda-go/seda/affinity"
)

// A worker that binds itself to the last CPU that the process may use.
func ExamplePin() {
	allowed, err := affinity.Allowed()
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		done <- affinity.Pin(allowed.Max())
	}()
	fmt.Println(<-done)
	// Output: <nil>
}
