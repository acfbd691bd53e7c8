package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	random := rand.NewChaCha8([32]byte{1})
	var want []string
	for i, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 7*blockSize + 5, 0, 3 * blockSize} {
		name := filepath.Join(dir, fmt.Sprint("sub", i%3), fmt.Sprint("file", i))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		data := make([]byte, size)
		_, _ = random.Read(data)
		require.NoError(t, os.WriteFile(name, data, 0o600))
		want = append(want, fmt.Sprintf("%x  %s", sha256.Sum256(data), name))
	}
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), &out, dir))
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(got)
	slices.Sort(want)
	require.Equal(t, want, got)
}

// A file that cannot be read is reported; the others are done.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "b")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")))
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), &out, dir), "links are left out")
	require.Contains(t, out.String(), "/a\n")

	b := block{file: &file{name: filepath.Join(dir, "nowhere")}, data: new([]byte)}
	require.ErrorIs(t, b.read(nil), os.ErrNotExist)
	b.index = 1
	require.ErrorContains(t, b.read(nil), "block 1 of a file that could not be read")
	require.ErrorIs(t, run(context.Background(), &out, filepath.Join(dir, "nowhere")), os.ErrNotExist)
}

// full is a disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestNowhereToWrite(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600))
	}
	require.EqualError(t, run(context.Background(), full{}, dir), io.ErrShortWrite.Error(), "and once")
}
