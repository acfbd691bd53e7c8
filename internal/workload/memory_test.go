package workload

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseWork(t *testing.T) {
	for text, want := range map[string]string{
		"":                   `unknown work "", want spin, memory:<KiB or MiB>, memory:<KiB or MiB>,strided`,
		"sleep":              `unknown work "sleep"`,
		"spin:1":             `"spin:1", want spin, `,
		"memory":             `"memory", want spin, `,
		"memory:1KiB,random": `"memory:1KiB,random", want `,
		"memory:64":          `size "64", want from 1 KiB to 256 MiB, such as 256KiB`,
		"memory:0KiB":        `size "0KiB"`,
		"memory:257MiB":      `size "257MiB"`,
		"memory:xMiB":        `size "xMiB"`,
	} {
		_, err := ParseWork(text)
		require.ErrorContains(t, err, want, text)
	}
	for text, bytes := range map[string]int{"spin": 0, "memory:1KiB": 1 << 10, "memory:256MiB": 256 << 20, "memory:3MiB,strided": 3 << 20} {
		w, err := ParseWork(text)
		require.NoError(t, err)
		require.Equal(t, text, w.String())
		require.Equal(t, bytes, w.Bytes())
	}
	require.Nil(t, NewMemory(Work{}, 3))
}

// A walk of as many turns as there are lines comes back to where it began, and not sooner.
func TestMemoryIsOneCycle(t *testing.T) {
	for _, text := range []string{"memory:1KiB", "memory:64KiB", "memory:64KiB,strided"} {
		w, err := ParseWork(text)
		require.NoError(t, err)
		m := NewMemory(w, 2)
		start := m.walk(1, 7, 0)
		for n := range uint32(w.lines) {
			if n > 0 {
				require.NotEqual(t, start, m.walk(1, 7, n))
			}
		}
		require.Equal(t, start, m.walk(1, 7, uint32(w.lines)))
		require.Positive(t, m.Calibrate().PerTurn)
	}
}

func TestHandlerWalks(t *testing.T) {
	g, err := NewGraph("pipeline", 2)
	require.NoError(t, err)
	w, err := ParseWork("memory:4KiB")
	require.NoError(t, err)
	h := NewHandler(g, NewClock(), nil)
	h.Memory = NewMemory(w, 2)
	r := new(Request)
	NewSource(g, Constant(time.Microsecond), Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 1).Fill(r, 0)
	h.Run(r)
	require.Positive(t, r.DoneAt())
}
