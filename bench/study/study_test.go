package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const recorded = "../results/2026-11-29-2cpu-x86_64/study"

// The text of the study that is kept is of the results that are kept beside it.
func TestTextIsOfItsResults(t *testing.T) {
	require.NoError(t, run(recorded, true))
	for name := range pictures {
		require.FileExists(t, filepath.Join(recorded, name))
	}
}

func TestResultsThatAreNone(t *testing.T) {
	dir := t.TempDir()
	require.ErrorContains(t, run(dir, true), "default.json")
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(recorded, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	require.ErrorContains(t, run(dir, true), "README.md: no such file")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("by hand"), 0o600))
	require.ErrorContains(t, run(dir, true), "is not of the results beside it: go run ./bench/study "+dir)
	text, err := os.ReadFile(filepath.Join(recorded, "default.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "scale-spin.json"), text, 0o600))
	require.ErrorContains(t, run(dir, true), "want two files of scale and one of certify")
}

func TestTable(t *testing.T) {
	require.Equal(t, "| a | b |\n|---|---|\n| 1 | 2 |\n", table([][]string{{"a", "b"}, {"1", "2"}}))
}
