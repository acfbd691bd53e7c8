package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

// fullDisk is a file that has no room. It is a device of the test's own: were it replaced, the machine would miss it.
func fullDisk(t *testing.T) string {
	t.Helper()
	full := filepath.Join(t.TempDir(), "full")
	if err := syscall.Mknod(full, syscall.S_IFCHR|0o600, 1<<8|7); err != nil {
		t.Skipf("no device that is full: %v", err)
	}
	f, err := os.OpenFile(full, os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no devices here: %v", err)
	}
	require.NoError(t, f.Close())
	return full
}

// killer ends this process politely when it reads that the first repetition is done.
type killer struct {
	strings.Builder
	by   syscall.Signal
	done bool
}

func (k *killer) Write(text []byte) (int, error) {
	n, err := k.Builder.Write(text)
	if !k.done && strings.Contains(k.String(), "repetition 1 of 1000 done") {
		k.done = true
		err = syscall.Kill(os.Getpid(), k.by)
	}
	return n, err
}

func TestAKilledRunKeepsWhatItHas(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file.json")
	for by, args := range map[syscall.Signal][]string{
		syscall.SIGTERM: {"run", "--arrival", "closed"}, syscall.SIGINT: {"scale", "--probes", "off"},
	} {
		args = append(args, "--arch", "pool", "--workers", "1", "--duration", "10ms", "--warmup", "1ms", "--reps", "1000", "-o", "json", "--out", name)
		var out strings.Builder
		errs := &killer{by: by}
		require.Equal(t, exitFailed, run(args, strings.NewReader(""), &out, errs))
		require.Contains(t, errs.String(), "sedabench: interrupted\n")
		require.Equal(t, "results  "+name+"\n", out.String())
		f, err := report.ReadFile(name)
		require.NoError(t, err)
		require.True(t, f.Partial)
		require.Equal(t, "interrupted", f.Reason)
		require.NotEmpty(t, f.Runs)
		require.Less(t, len(f.Runs), 1000)
		require.Equal(t, []string{"file.json"}, left(t, filepath.Dir(name)))
	}
}

// A place where no file can be made is known before anything is measured, not after.
func TestResultsWhereNoFileCanBe(t *testing.T) {
	for flag, name := range map[string]string{"--out": "/proc/results", "--hgrm": "/proc/some/where"} {
		code, out, errs := sedabench(t, append([]string{"--arch", "pool", "--arrival", "closed", flag, name}, quick...)...)
		require.Equal(t, exitUsage, code)
		require.Empty(t, out)
		require.Contains(t, errs, "sedabench: "+flag+": no file can be made in /proc: ")
	}
}

// What does not fit on the disk is not lost.
func TestResultsOntoAFullDisk(t *testing.T) {
	full := fullDisk(t)
	code, out, errs := sedabench(t, append([]string{"--arch", "pool", "--arrival", "closed", "-o", "json", "--out", full}, quick...)...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "sedabench: --out: write "+full+": no space left on device; the results are on standard output\n")
	require.Equal(t, []string{"full"}, left(t, filepath.Dir(full)))
	var f report.File
	require.NoError(t, json.Unmarshal([]byte(out), &f))
	require.Len(t, f.Runs, 1)
}
