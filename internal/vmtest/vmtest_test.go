package main

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutcomes(t *testing.T) {
	console := `booting
vmtest begin affinity
=== RUN   TestA
--- PASS: TestA (0.00s)
    --- PASS: TestA/b (0.00s)
=== RUN   TestC
    c_test.go:3: there is no such thing: here
--- SKIP: TestC (0.00s)
PASS
vmtest outcome ok
vmtest seconds 7
vmtest begin probes
--- FAIL: TestD (0.00s)
vmtest outcome exit status 1
vmtest seconds 1
vmtest begin probes-perf
--- SKIP: TestE (0.00s)
vmtest outcome ok
vmtest seconds 2
vmtest begin probes-bpf
--- PASS: TestF (0.00s)
panic`
	var lines []string
	for _, o := range outcomes(console, []string{"affinity", "probes", "probes/perf", "probes/bpf"}) {
		lines = append(lines, o.String())
	}
	require.Equal(t, []string{
		"ok, 1 tests, 7 s; skipped: TestC (there is no such thing: here)",
		"failed: exit status 1\n    --- FAIL: TestD (0.00s)",
		"skipped: TestE ()",
		"failed: it was not run to the end\n    --- PASS: TestF (0.00s)\n    panic",
	}, lines)
	require.Equal(t, "failed: it was not begun\n    booting", outcomes("booting", []string{"probes"})[0].String())
}

// Headers and contents begin at multiples of four, and say how long names and contents are.
func TestInitrd(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x"), []byte("hello"), 0o600))
	var a initrd
	require.NoError(t, a.tree("top/in", dir))
	require.NoError(t, a.tree("none", filepath.Join(dir, "none")))
	require.NoError(t, a.write(filepath.Join(dir, "archive")))
	data, err := os.ReadFile(filepath.Join(dir, "archive"))
	require.NoError(t, err)
	var names []string
	for len(data) > 0 {
		require.Equal(t, "070701", string(data[:6]))
		field := func(i int) int {
			n, err := strconv.ParseInt(string(data[6+8*i:14+8*i]), 16, 32)
			require.NoError(t, err)
			return int(n)
		}
		size, length := field(6), field(11)
		names = append(names, string(data[110:110+length-1]))
		body := (110 + length + 3) &^ 3
		if names[len(names)-1] == "top/in/x" {
			require.Equal(t, "hello", string(data[body:body+size]))
		}
		data = data[(body+size+3)&^3:]
	}
	require.Equal(t, []string{"top/in", "top/in/x", "TRAILER!!!"}, names)
}

func TestExtract(t *testing.T) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range []string{"./boot/config", "./boot/vmlinuz-6.1"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o600}))
		_, err := w.Write([]byte(name))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	to := filepath.Join(t.TempDir(), "kernel")
	require.Error(t, extract(bytes.NewReader(packed.Bytes()), "boot/none", to))
	require.NoFileExists(t, to)
	require.NoError(t, os.Mkdir(to+".part", 0o700)) // where nothing can be written, as on a full disk
	require.Error(t, extract(bytes.NewReader(packed.Bytes()), "boot/vmlinuz-", to))
	require.NoFileExists(t, to)
	require.NoDirExists(t, to)
	require.NoError(t, extract(bytes.NewReader(packed.Bytes()), "boot/vmlinuz-", to))
	data, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Equal(t, "./boot/vmlinuz-6.1", string(data))
}

// A name that no guest has is no reason to say that all is well.
func TestPick(t *testing.T) {
	all, err := pick("")
	require.NoError(t, err)
	require.Equal(t, guests, all)
	some, err := pick("instructions$")
	require.NoError(t, err)
	require.Len(t, some, 1)
	_, err = pick("6.13")
	require.ErrorContains(t, err, `no guest's name matches "6.13": there are ["6.1 amd64" `)
	_, err = pick("(")
	require.Error(t, err)
}
