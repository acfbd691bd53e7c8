package procfs_test

import (
	"fmt"
	"runtime"

	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/procfs"
)

// A thread is watched from its registration on.
func Example() {
	source := probes.Climb(procfs.Step())
	done := make(chan probes.Values)
	go func() {
		runtime.LockOSThread()
		thread, err := source.Register()
		if err != nil {
			panic(err)
		}
		runtime.Gosched() // work
		var v probes.Values
		thread.Read(probes.Now(), &v)
		thread.Close()
		done <- v
	}()
	v := <-done
	fmt.Println(v.OnCPU >= 0, source.Close())

	origin, why := source.Origin(probes.Preempted)
	fmt.Println(origin, why)
	// Output:
	// true <nil>
	// none no source was asked for it
}
