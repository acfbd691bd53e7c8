package bpf_test

import (
	"fmt"
	"runtime"
	"time"

	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/bpf"
)

// What a thread was at while it slept.
func Example() {
	source, err := bpf.Open(bpf.Config{})
	if err != nil {
		fmt.Println(err, "-", probes.ReasonOf(err).Remedy())
		return
	}
	defer source.Close()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread, err := source.Register()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer thread.Close()
	thread.Word().Store(3)
	time.Sleep(10 * time.Millisecond)
	thread.Word().Store(0)
	var v probes.StageValues
	thread.AddStage(3, &v)
	fmt.Println("asleep at stage 3 for", time.Duration(v.Blocked))
}
