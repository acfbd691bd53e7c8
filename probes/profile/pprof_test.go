package profile

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/probes"
)

// pprofTool returns the program behind go tool pprof: go itself would not pass on that it is to end.
func pprofTool(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go tool is missing: ", err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "pprof").Output()
	if err != nil {
		t.Skip("go tool pprof is missing: ", err)
	}
	return strings.TrimSpace(string(out))
}

// saved writes a profile of two stages.
func saved(t *testing.T) string {
	t.Helper()
	list := []probes.Stack{off(), {Thread: 78, Stage: 3, User: []uint64{entry(strings.ToUpper)}, Blocked: 5e6, Sleeps: 1}}
	name := filepath.Join(t.TempDir(), "off.pb.gz")
	f, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, OffCPU(list, Config{Kernel: testKernel(t)}).Write(f))
	require.NoError(t, f.Close())
	return name
}

// ask runs the tool, whose temporary files and settings stay in the test's folder, and which says nothing but what was asked for.
func ask(t *testing.T, tool string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "PPROF_TMPDIR="+t.TempDir())
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	require.NoError(t, err, complaints.String())
	for line := range strings.Lines(complaints.String()) {
		require.True(t, strings.HasPrefix(line, "Active filters:") || strings.HasPrefix(strings.TrimSpace(line), "tagfocus="), complaints.String())
	}
	return string(out)
}

func TestPprofOpensIt(t *testing.T) {
	tool, file := pprofTool(t), saved(t)
	top := ask(t, tool, "-top", file)
	require.Contains(t, top, "Type: blocked")
	require.Regexp(t, `30ms.*100%.*__schedule|30ms.* __schedule`, top)
	require.Contains(t, top, thisPackage+"handler")
	require.Contains(t, ask(t, tool, "-top", "-sample_index=preempted", file), "of 10ms total")
	require.Contains(t, ask(t, tool, "-traces", file), "reason:  blocked")
	focused := ask(t, tool, "-top", "-tagfocus=stage=^3$", file)
	require.Contains(t, focused, "strings.ToUpper")
	require.NotContains(t, focused, "handler")
	require.Contains(t, ask(t, tool, "-tags", file), "stage: Total 35ms")
	require.Contains(t, ask(t, tool, "-list=profile.handler", "-sample_index=runqueue", file), "20ms", "lines of the source")
}

// The flame graph of the web page knows the functions.
func TestPprofShowsFlames(t *testing.T) {
	tool, file := pprofTool(t), saved(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, tool, "-http="+address, "-no_browser", file)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "PPROF_TMPDIR="+t.TempDir())
	require.NoError(t, cmd.Start())
	defer func() {
		stop()
		_ = cmd.Wait() // it was killed
	}()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	defer client.CloseIdleConnections()
	var page []byte
	require.Eventually(t, func() bool {
		response, err := client.Get("http://" + address + "/ui/flamegraph")
		if err != nil {
			return false // it does not listen yet
		}
		defer response.Body.Close()
		page, err = io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	require.Contains(t, string(page), thisPackage+"handler")
	require.Contains(t, string(page), "do_nanosleep")
}
