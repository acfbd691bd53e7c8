package workload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseWork(t *testing.T) {
	for text, want := range map[string]string{
		"":                   `unknown work "", want spin, memory:<KiB or MiB>, memory:<KiB or MiB>,strided, sleep, file:<KiB or MiB>`,
		"disk":               `unknown work "disk"`,
		"spin:1":             `"spin:1", want spin, `,
		"sleep:1ms":          `"sleep:1ms", want spin, `,
		"memory":             `"memory", want spin, `,
		"file":               `"file", want spin, `,
		"memory:1KiB,random": `"memory:1KiB,random", want `,
		"file:8KiB,strided":  `"file:8KiB,strided", want `,
		"memory:64":          `size "64", want from 1 KiB to 256 MiB, such as 256KiB`,
		"memory:0KiB":        `size "0KiB"`,
		"memory:257MiB":      `size "257MiB"`,
		"memory:xMiB":        `size "xMiB"`,
		"file:2MiB":          `size "2MiB", want from 1 KiB to 1 MiB`,
	} {
		_, err := ParseWork(text)
		require.ErrorContains(t, err, want, text)
	}
	for _, c := range []struct {
		text             string
		memory           int
		blocks, computes bool
		beside           time.Duration
	}{
		{"spin", 0, false, true, 0},
		{"memory:1KiB", 1 << 10, false, true, 0},
		{"memory:256MiB", 256 << 20, false, true, 0},
		{"memory:3MiB,strided", 3 << 20, false, true, 0},
		{"sleep", 0, true, false, 0},
		{"file:8KiB", 0, true, true, 10192},
	} {
		w, err := ParseWork(c.text)
		require.NoError(t, err)
		require.Equal(t, c.text, w.String())
		require.Equal(t, c.memory, w.Memory())
		require.Equal(t, c.blocks, w.Blocks())
		require.Equal(t, c.computes, w.Computes())
		require.Equal(t, c.beside, w.Beside())
	}
}
