// Gen writes the loops that move items through each Go queue, one set a queue, so that the compiler sees which queue it is: behind an
// interface, a func value or a method of a type parameter each item would cost a nanosecond or two more.
//
//	go generate ./rings
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"os"
	"text/template"
)

//go:embed loops.tmpl
var loops string

// A queue is how one type is used: statements and expressions in Go. q is the queue; v is the item of Push and Pop, ok whether there
// was one; left is what PushBatch is to push and dst where PopBatch puts n items. Without a call for batches those are empty. End is what has to
// be called after the last item, if anything.
type queue struct {
	Name, Type, New     string
	Push, Pop           string
	PushBatch, PopBatch string
	End                 string
}

func ours(name, kind string) queue {
	return queue{
		Name: name, Type: "*ring." + kind + "[T]", New: "ring.New" + kind + "[T](c.capacity)",
		Push: "q.Push(v, 1)", Pop: "v, _, ok := q.Pop()",
		PushBatch: "q.PushBatch(left, 1)", PopBatch: "n, _ := q.PopBatch(dst)",
	}
}

func xsync(name, kind string) queue {
	return queue{
		Name: name, Type: "*xsync." + kind + "[T]", New: "xsync.New" + kind + "[T](c.capacity)",
		Push: "q.TryEnqueue(v)", Pop: "v, ok := q.TryDequeue()",
	}
}

func lfq(name, kind, end string) queue {
	return queue{
		End: end, Name: name, Type: "*lfq." + kind + "[T]", New: "lfq.New" + kind + "[T](c.capacity)",
		Push: "q.Enqueue(&v) == nil", Pop: "v, err := q.Dequeue()\nok := err == nil",
	}
}

var queues = []queue{
	ours("spsc", "SPSC"), ours("mpsc", "MPSC"), ours("mpmc", "MPMC"), ours("slot", "Slot"),
	xsync("xsyncSPSC", "SPSCQueue"), xsync("xsyncMPMC", "MPMCQueue"),
	lfq("lfqSPSC", "SPSC", ""), lfq("lfqMPSC", "MPSC", "q.Drain()"), lfq("lfqMPMC", "MPMC", "q.Drain()"),
	lfq("lfqMPMCSeq", "MPMCSeq", ""),
	{
		Name: "chanTry", Type: "chan T", New: "make(chan T, c.capacity)",
		Push: "trySend(q, v)", Pop: "v, ok := tryReceive(q)",
	},
	{
		Name: "workiva", Type: "*queue.RingBuffer", New: "queue.NewRingBuffer(uint64(c.capacity))",
		Push: "offer(q, v)", Pop: "v, ok := poll[T](q)",
	},
}

func main() {
	var out bytes.Buffer
	err := template.Must(template.New("loops").Parse(loops)).Execute(&out, queues)
	if err == nil {
		var text []byte
		if text, err = format.Source(out.Bytes()); err == nil {
			_, err = os.Stdout.Write(text)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
