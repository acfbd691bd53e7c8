package workload

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func openWork(t *testing.T, text string, stages int) *Means {
	t.Helper()
	w, err := ParseWork(text)
	require.NoError(t, err)
	m, err := w.Open(stages)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// Each kind of work is done by the handler, by Step and by its parts, and takes what it should at least.
func TestHandlerSpendsByAllMeans(t *testing.T) {
	g, err := NewGraph("pipeline", 2)
	require.NoError(t, err)
	for text, blocks := range map[string]bool{"spin": false, "memory:4KiB": false, "sleep": true, "file:8KiB": true} {
		m := openWork(t, text, 2)
		require.Equal(t, blocks, m.Blocks())
		require.Equal(t, text == "sleep", m.Sleeps())
		turn := m.Calibrate()
		require.Positive(t, turn.PerTurn, text)
		clock := NewClock()
		h := NewHandler(g, clock, nil)
		h.Means = m
		r := new(Request)
		const took = 200 * time.Microsecond
		NewSource(g, Constant(took), turn, rand.New(rand.NewPCG(1, 1)), 1).Fill(r, 0)
		if text == "sleep" {
			require.Equal(t, took, h.Sleep(1, r))
		}
		h.Step(0, r)
		h.Begin(1, r)
		h.Block(1, r)
		require.Zero(t, r.DoneAt())
		require.Empty(t, h.Finish(1, r))
		require.Positive(t, r.DoneAt())
		times := make([]StageTimes, 2)
		g.Observe(r, times)
		for _, s := range times {
			if text == "sleep" {
				require.GreaterOrEqual(t, s.Service, float64(took))
			}
			require.Positive(t, s.Service, text)
		}
		require.NoError(t, m.Err())
		require.Zero(t, h.Skipped()+h.Doubled())
	}
}

func TestFileHasNoName(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	openWork(t, "file:3KiB", 1)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left, "whatever ends the process, there is nothing to remove")

	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	w, err := ParseWork("file:8KiB")
	require.NoError(t, err)
	_, err = w.Open(1)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "a file to read from: ")
	require.ErrorContains(t, err, "; want TMPDIR to name a directory with room for it")
}

// Everything that is read is looked at: wrong contents, also at the end of a block, and a file that has become shorter.
func TestWhatIsReadIsChecked(t *testing.T) {
	m := openWork(t, "file:8KiB", 1)
	d := m.file
	block := make([]byte, d.size)
	for _, n := range []int{0, 1, d.blocks - 1} {
		require.NoError(t, d.readBlock(block, n))
	}
	m.block(0)
	require.NoError(t, m.Err())
	_, err := d.f.WriteAt([]byte{1}, 2*8192-1024+6)
	require.NoError(t, err)
	require.NoError(t, d.readBlock(block, 0))
	require.ErrorContains(t, d.readBlock(block, 1), "read at 15360: 0700000001000100, want 0700000001000000")

	require.NoError(t, d.f.Truncate(0))
	m.block(0)
	require.ErrorIs(t, m.Err(), io.ErrUnexpectedEOF)
	require.ErrorContains(t, m.Err(), "read 8192 bytes at ")
}

func TestNoMeansIsToSpin(t *testing.T) {
	var m *Means
	require.False(t, m.Blocks())
	require.False(t, m.Sleeps())
	require.NoError(t, m.Err())
	require.NoError(t, m.Close())
	require.Positive(t, m.Calibrate().PerTurn)
}
