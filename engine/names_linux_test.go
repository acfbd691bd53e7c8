package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/engine"
)

// Stats names what probes have numbers for: a worker by its thread, a stage by its word, also when all has ended.
func TestNamesOfWhatProbesSee(t *testing.T) {
	k := &kernel{}
	c := onePinned
	c.Probes = k
	e := newEngine(t, c)
	words, threads := make(chan uint32, 3), make(chan int, 3)
	names := []string{"a", "b", "c"}
	var stages []*engine.Stage[int]
	for _, name := range names {
		s := engine.Add(e, stageConfig{Name: name})
		s.Handle(func(*engine.Context, int) error {
			words <- k.all()[0].word.Load()
			threads <- unix.Gettid()
			return nil
		})
		stages = append(stages, s)
	}
	engine.Connect(stages[0], stages[2]) // so that stages are not in the order in which they were added
	start(t, e)
	for i, s := range stages {
		submit(t, s, 0, 1)
		require.Equal(t, e.Stats().Stage(names[i]).Word, receive(t, words))
		require.Equal(t, e.Stats().Workers[0].TID, receive(t, threads))
	}
	before, after := e.Stats(), drain(t, e)
	require.Equal(t, before.Workers[0].TID, after.Workers[0].TID)

	shared := newEngine(t, oneShared)
	engine.Add(shared, stageConfig{Name: "a"}).Handle(ignore)
	start(t, shared)
	require.Zero(t, shared.Stats().Workers[0].TID)
	drain(t, shared)
}
