package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is no regular file is written to, not replaced.
func TestReportIntoAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan string)
	go func() {
		in, err := os.Open(pipe)
		if err != nil {
			read <- err.Error()
			return
		}
		defer in.Close()
		text, _ := io.ReadAll(in)
		read <- string(text)
	}()
	code, _, errs := sedabench(t, "report", "--out", pipe, saved(t, "good.json", measured(1, "6.1", same)))
	require.Equal(t, exitOK, code, errs)
	require.True(t, strings.HasPrefix(<-read, "<!DOCTYPE html>"))
	require.Equal(t, []string{"pipe"}, left(t, filepath.Dir(pipe)))
}

// A full disk is one line.
func TestReportOntoAFullDisk(t *testing.T) {
	full := fullDisk(t)
	code, out, errs := sedabench(t, "report", "--out", full, saved(t, "good.json", measured(1, "6.1", same)))
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Equal(t, "sedabench: write "+full+": no space left on device\n", errs)
	require.Equal(t, []string{"full"}, left(t, filepath.Dir(full)))
}
