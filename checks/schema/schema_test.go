package schema

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// Runs of a few milliseconds: what is in them is not looked at.
var quick = []string{"--duration", "5ms", "--warmup", "1ms", "--reps", "1", "-o", "json"}

// partial is what a run prints that is killed when its first repetition is done.
func partial(t *testing.T, binary string) []byte {
	cmd := exec.CommandContext(t.Context(), binary, append(slices.Clone(quick), "--arrival", "closed", "--reps", "1000")...)
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	progress := bufio.NewReader(stderr)
	for line := ""; !strings.Contains(line, "repetition 1 of 1000 done"); {
		line, err = progress.ReadString('\n')
		require.NoError(t, err)
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_, err = io.Copy(io.Discard, progress)
	require.NoError(t, err)
	var failed *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &failed)
	require.Equal(t, 1, failed.ExitCode())
	return out.Bytes()
}

func TestOutputIsOfTheSchema(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "sedabench")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/sedabench")
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	s, err := jsonschema.NewCompiler().Compile("../../docs/sedabench-1.schema.json")
	require.NoError(t, err)

	for _, args := range [][]string{
		{"run", "--arrival", "closed"},
		{"run", "--arch", "staged", "--arrival", "closed", "--timeline", "1ms", "--policy", "adaptive,static", "--probes", "auto"},
		{"run", "--arch", "staged", "--workers", "1", "--arrival", "closed", "--think", "exp:100us"},
		{"run", "--arch", "staged,pool", "--workers", "1", "--slo", "p50<1s", "--arrival", "onoff:1ms,1ms"},
		{"run", "--arch", "staged,pool,eventloop", "--work", "sleep", "--arrival", "closed"},
		{"run", "--workload", "../../examples/shop.toml", "--arch", "staged,goroutine", "--arrival", "closed"},
		{"run", "--preset", "two-stage-oscillation"},
		{"run", "--preset", "threads"},
		{"run", "--preset", "thread-controller"},
		{"scale", "--arch", "staged,pool", "--simulate", "4"},
	} {
		cmd := exec.CommandContext(t.Context(), binary, append(args, quick...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if !strings.Contains(stderr.String(), "no run counts") { // on a busy machine: what is printed is of the schema all the same
			require.NoError(t, err, "%s: %s", args, stderr.String())
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
		require.NoError(t, err, args)
		require.NoError(t, s.Validate(value), args)
		value.(map[string]any)["runs"].([]any)[0].(map[string]any)["surprise"] = 1
		require.Error(t, s.Validate(value), "a field that is not in the schema")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(partial(t, binary)))
	require.NoError(t, err)
	require.NoError(t, s.Validate(value))
	require.Equal(t, true, value.(map[string]any)["partial"])
}
