package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

func TestWorkThatBlocksOnPaper(t *testing.T) {
	o := optionsFor(t, 2, "--work sleep --service constant:3ms")
	require.Equal(t, 64, o.blocked())
	require.Contains(t, o.command, "--work sleep --threads 64 ")
	require.Equal(t, 500*time.Millisecond, o.warmup)
	require.Equal(t, 12*time.Millisecond, o.closedTail(1), "256 clients, of which 64 sleep at a time in each of three stages")
	o = optionsFor(t, 2, "--work sleep --service constant:3ms --clients 1 --threads 5")
	require.Equal(t, 9*time.Millisecond, o.closedTail(1))
	o = optionsFor(t, 2, "--work file:8KiB --service constant:0s --clients 100 --threads 5 --warmup 1ms")
	require.Equal(t, time.Millisecond, o.warmup)
	require.Equal(t, 5, o.blocked())
	require.Equal(t, 100*3*10192*time.Nanosecond, o.closedTail(1), "reading takes CPUs")
	o = optionsFor(t, 2, "")
	require.Zero(t, o.blocked())
	require.NotContains(t, o.command, "--threads")

	for args, want := range map[string]string{
		"--threads 8":                           "--threads: --work spin never blocks; want --work sleep or file:<size>",
		"--work sleep --threads 0":              `--threads: "0", want a whole number from 1 to 4096`,
		"--work sleep --threads 2048":           "--threads 2048 x --stages 3: 6144, want at most 4096",
		"--preset shift --threads 8":            "--threads: --preset shift does not look at it",
		"--work file":                           `--work: "file", want spin, `,
		"--work sleep --service constant:2s":    "--service: ",
		"--work file:8KiB --capacity 262144":    "--capacity 262144 x --stages 3: room for ",
		"scale --workers 1,2 --threads 8":       "--threads: --work spin never blocks",
		"certify --work sleep --arch staged":    "unknown flag --work",
		"sim --work sleep":                      "unknown flag --work",
		"--work sleep --threads 9 --stages 4,5": "--stages: ",
	} {
		code, out, errs := sedabench(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want, args)
	}
}

// A file that cannot be made is said before anything is measured.
func TestNoRoomForTheFile(t *testing.T) {
	t.Setenv("TMPDIR", "/proc/none")
	code, out, errs := sedabench(t, "--work", "file:8KiB")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "sedabench: --work file:8KiB: a file to read from: open /proc/none/sedabench-")
}

// What is read wrongly makes the run fail, whatever its books say.
func TestReadsAreCheckedByEachRun(t *testing.T) {
	st := testStudy(t, inline, "--work", "file:8KiB", "--arch", "pool", "--arrival", "closed", "--reps", "1")
	require.NoError(t, st.measureAll(t.Context()))
	require.NoError(t, st.close())
	err := st.measureAll(t.Context())
	require.ErrorContains(t, err, "read 8192 bytes at ")
	require.ErrorContains(t, err, "file already closed")
}

func TestArchitecturesAreToldOfTheBound(t *testing.T) {
	for work, want := range map[string]int{"spin": 0, "sleep": 7} {
		args := []string{"--work", work, "--arch", "pool", "--arrival", "closed", "--reps", "1", "--clients", "3"}
		if want > 0 {
			args = append(args, "--threads", "7")
		}
		st := testStudy(t, func(c arch.Config) (arch.Service, error) {
			require.Equal(t, want, c.Threads)
			require.Equal(t, want > 0, c.Handler.Means.Blocks())
			return inline(c)
		}, args...)
		require.NoError(t, st.measureAll(t.Context()))
		require.NoError(t, st.close())
		require.Equal(t, work, st.config().Work)
	}
}

// There is no prediction where the simulator does not know the work.
func TestScaleOfWorkThatBlocks(t *testing.T) {
	w, err := workload.ParseWork("sleep")
	require.NoError(t, err)
	st := &study{bench: bench{options: &options{work: w, arrival: load.Of(load.Closed)}}}
	var s report.Scale
	require.NoError(t, st.predict(t.Context(), &s, new(scaleOptions), "adaptive"))
	require.Equal(t, "the simulator knows nothing of work that blocks", s.NoPrediction)
}
