package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/internal/staged"
)

// asChild makes the test binary wait for an interrupt, say so, and wait until
// its standard input ends.
const asChild = "SEDABENCH_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		ctx, stop := interruptible()
		defer stop()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("asked")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it, or ends
		return
	}
	leaktest.Main(m)
}

func TestASecondInterruptKills(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // no signals to send
	}
	interruptTwice(t, os.Interrupt)
	interruptTwice(t, syscall.SIGTERM)
}

func interruptTwice(t *testing.T, by os.Signal) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), asChild+"=1")
	_, err := child.StdinPipe() // closed by Wait
	require.NoError(t, err)
	pipe, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	out := bufio.NewReader(pipe)
	for _, want := range []string{"ready\n", "asked\n"} {
		line, err := out.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, want, line)
		require.NoError(t, child.Process.Signal(by))
	}
	// The handler is removed by a goroutine, which the second one may have come before.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond) // the Go runtime does not die well of many at once
		defer tick.Stop()
		for range tick.C {
			if child.Process.Signal(by) != nil {
				return
			}
		}
	}()
	_, _ = io.Copy(io.Discard, out) // until the child has ended
	err = child.Wait()
	<-ended
	require.ErrorContains(t, err, "signal: ")
}

var rewrite = flag.Bool("rewrite", false, "write what the tests find into the golden files")

// golden compares text with a file in testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// sedabench runs the command.
func sedabench(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	code = run(args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// quick makes runs of run as short as they can be.
var quick = []string{"--duration", "5ms", "--warmup", "1ms", "--reps", "1", "--service", "constant:200ns"}

func TestUsageErrors(t *testing.T) {
	for args, want := range map[string]string{
		"scal":                           `unknown verb "scal", want run, sim, scale, certify, compare, report, top, selftest, topo, doctor or help`,
		"--archs staged":                 "unknown flag --archs, want --arch, --workers, ",
		"-duration 2s":                   "unknown flag -duration, want --arch, ",
		"-q":                             "unknown flag -q, want ",
		"--arch actors":                  `--arch: unknown architecture "actors", want staged, goroutine, thread, pool, eventloop, channels, channels-batched`,
		"--arch staged,pool,staged":      `--arch: "staged" is named twice`,
		"--arch":                         "flag needs an argument: --arch",
		"--workers 0":                    `--workers: "0", want a whole number from 1 to 256`,
		"--workers 200":                  "--workers: 200, want 1 to ",
		"--workers two":                  `--workers: "two", want a whole number`,
		"--shape ring":                   `--shape: unknown shape "ring", want pipeline, fanout`,
		"--stages 33":                    `--stages: "33", want a whole number from 1 to 32`,
		"--shape fanout --stages 1":      "--stages: 1, want 2 to 32 stages for a fanout",
		"--service weibull:1us":          `--service: unknown distribution "weibull", want constant:<time>, exp:<mean>, bimodal:`,
		"--service exp":                  `--service: "exp", want exp:<mean>`,
		"--service bimodal:1us":          `--service: "bimodal:1us", want bimodal:<short>,<long>,<share of long>`,
		"--service exp:-1us":             `--service: "exp:-1us": "-1us", want a time from 0s to 1s`,
		"--arrival bursty":               `--arrival: unknown arrival "bursty", want closed, fixed, poisson, onoff:<on>,<off>, `,
		"--arrival onoff:1ms":            `--arrival: onoff: "1ms", want two values`,
		"--arrival step:130ms,2":         "--arrival step:130ms,2: step after 130ms, want less than 130ms, the measured time",
		"--arrival trace:none/such":      "--arrival: trace: open none/such: ",
		"--rate -3":                      `--rate: "-3", want requests per second`,
		"--rate 0.5y":                    `--rate: "0.5y", want requests per second`,
		"--rate 101x":                    `--rate: "101x", want `,
		"--rate NaN":                     `--rate: "NaN"`,
		"--rate 1e9":                     `--rate: "1e9"`,
		"--rate 1e-10":                   `--rate: "1e-10", want requests per second from 0.001 to 100000000`,
		"--rate 1e-10x":                  `--rate: "1e-10x", want requests per second from 0.001 to 100000000, or a part of the capacity from 0.001x to 100x`,
		"--arrival closed --rate 5":      "--rate: in closed loop the service sets the rate",
		"--slo p99":                      `--slo: "p99", want a figure, < and a time, such as p99<1ms`,
		"--slo p98<1ms":                  `--slo: unknown figure "p98", want p50, p90, p99, p999`,
		"--slo p99<0s":                   `--slo: "0s", want a time from 1µs to 1m0s`,
		"--slo p99<1ms --rate 5":         "--slo: it looks for the rate, so there is nothing for --rate to say",
		"--slo p99<1ms --arrival closed": "--slo: in closed loop the service sets the rate; want --arrival fixed or poisson",
		"--slo p99<1ms -o bench":         "--slo: a rate that was found is no run",
		"--slo p9<1s --preset shift":     `--slo: unknown figure "p9"`,
		"--preset shift --slo p50<1s":    "--slo: --preset shift does not look at it",
		"--think exp":                    `--think: "exp", want exp:<mean>`,
		"--think exp:1ms":                "--think exp:1ms: rates are parts of what clients who do not think get done; want --arrival closed",
		"--think exp:1ms --rate 5":       "--think exp:1ms: rates are parts",
		"--clients -1":                   `--clients: "-1", want a whole number from 0`,
		"--clients 2000":                 "--clients: 2000, want 1 to 1024, the --capacity",
		"--batch 0":                      `--batch: "0", want a whole number from 1`,
		"--batch 65 --capacity 64":       "--batch: 65, want 1 to 64, the --capacity",
		"--capacity 1000":                `--capacity: "1000", want a power of two from 2 to 262144`,
		"--capacity 1048576 --stages 32": `--capacity: "1048576", want a power of two from 2 to 262144`,
		"--capacity 16384 --stages 32":   "--capacity 16384 x --stages 32: room for 524288 requests, want at most 262144",
		"--capacity 262144 --stages 1 --batch 512":               "--capacity 262144 x --stages 1 x --batch 512: 134217728, want at most 67108864",
		"--capacity 8192 --stages 32 --batch 256 --clients 9000": "--clients: 9000, want 1 to 8192, the --capacity",
		"--policy chance":                 `--policy: unknown policy "chance", want `,
		"--policy static,static":          `--policy: "static" is named twice`,
		"--target 1ms --shape fanout":     "--target: what is discarded in one branch of a fanout would go on in the others; want --shape pipeline",
		"--timeline 2":                    `--timeline: "2", want a time from 0s to 1h0m0s`,
		"--duration 0s":                   `--duration: "0s", want a time from 1ms to 1h0m0s`,
		"--duration 2":                    `--duration: "2", want a time`,
		"--warmup -1s":                    `--warmup: "-1s", want a time`,
		"--precision 2":                   `--precision: "2", want a part of the median from 0.1% to 50%`,
		"--preset shift --precision 2%":   "--precision: --preset shift does not look at it",
		"--reps 0":                        `--reps: "0", want a whole number from 1 to 1000`,
		"--seed -1":                       `--seed: "-1", want a whole number from 0`,
		"-o xml":                          `--output: unknown output "xml", want text, json, bench`,
		"topo -o bench":                   `--output: unknown output "bench", want text, json`,
		"topo --arch staged":              "unknown flag --arch, want -o",
		"run staged":                      `unexpected argument "staged": run takes flags only`,
		"help nope":                       `unknown verb "nope", want run, sim, scale, certify, compare, report, top, selftest, topo, doctor or help`,
		"--arch pool --policy codel":      "--policy: only staged looks at it, which is not in --arch pool",
		"--arch pool --target 1ms":        "--target: only staged looks at it",
		"--arch pool --timeline 1ms":      "--timeline: only staged looks at it",
		"--arch pool --probes auto":       "--probes: only staged looks at it",
		"--pin /sys/fs/bpf":               "--pin: only programs in the kernel have maps",
		"--probes all":                    `--probes: unknown probes "all", want off, auto, bpf, proc`,
		"doctor -o bench":                 `--output: unknown output "bench", want text, json`,
		"top":                             "ADDRESS is missing: usage is sedabench top [flags] ADDRESS",
		"top localhost:1 now":             `unexpected argument "now": top takes ADDRESS`,
		"top --every 10ms :80":            `--every: "10ms", want a time from 100ms to 1h0m0s`,
		"top -o bench :80":                `--output: unknown output "bench", want text, json`,
		"report":                          "RESULT.json is missing: usage is sedabench report [flags] RESULT.json...",
		"report --svg plots":              "RESULT.json is missing: ",
		"report - a.json -":               "- is named twice: standard input can be read once",
		"report --out= a.json":            "--out: want a name",
		"compare a.json b.json c.json":    `unexpected argument "c.json": compare takes OLD.json and NEW.json`,
		"doctor now":                      `unexpected argument "now": doctor takes flags only`,
		"topo now":                        `unexpected argument "now": topo takes flags only`,
		"--clients 8 --capacity 4 --reps": "flag needs an argument: --reps",
	} {
		code, out, errs := sedabench(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out, args)
		require.Contains(t, errs, "sedabench: "+want, args)
		require.Equal(t, 1, strings.Count(errs, "\n"), args)
	}
}

func TestHelpFitsAScreen(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"help", "--help"}, {"help", "help"}, {"--help"}, {"run", "-h"}, {"topo", "--help"}, {"help", "run"}, {"help", "topo"}, {"help", "compare"}, {"help", "top"}, {"help", "report"}} {
		code, out, errs := sedabench(t, args...)
		require.Equal(t, exitOK, code)
		require.Empty(t, errs)
		require.LessOrEqual(t, strings.Count(out, "\n"), 34, args)
	}
	_, out, _ := sedabench(t, "run", "--help")
	golden(t, "help-run.golden", withoutPolicies(out))
	for _, args := range [][]string{{"--help"}, {"help", "run"}} {
		_, same, _ := sedabench(t, args...)
		require.Equal(t, out, same, args)
	}
	require.Contains(t, out, "\nverbs: run, sim, scale, certify, compare, report, top, selftest, topo, doctor;")
	_, out, _ = sedabench(t, "help", "topo")
	require.Equal(t, topoHelp(), out)
	_, out, _ = sedabench(t, "help")
	golden(t, "help.golden", out)
}

// withoutPolicies replaces what depends on which policies there are.
func withoutPolicies(text string) string {
	text = strings.Replace(text, strings.Join(staged.Policies(), ", "), "(policies)", 1)
	return strings.Replace(text, staged.DefaultPolicy(), "(default)", 1)
}

func TestVersion(t *testing.T) {
	code, out, errs := sedabench(t, "--version")
	require.Equal(t, exitOK, code)
	require.Empty(t, errs)
	require.Regexp(t, `^sedabench \S+ go1\.\S+.*\n$`, out)
}

// A machine without a CPU for the load generator refuses what needs one.
func TestOpenLoopNeedsACPU(t *testing.T) {
	two := host{cpus: 2, allowed: affinity.Of(0, 1)}
	one := host{cpus: 1, allowed: affinity.Of(3)}
	for _, c := range []struct {
		host host
		args string
		want string
	}{
		{two, "--workers 2 --arrival poisson", "--arrival poisson: no CPU is left for the load generator with 2 workers on CPUs 0-1; want fewer --workers"},
		{two, "--workers 1,2 --arrival fixed --rate 100", "--arrival fixed: no CPU is left for the load generator with 2 workers on CPUs 0-1; want fewer --workers"},
		{two, "--workers 2 --rate 0.5x,3000", "--rate 0.5x,3000: no CPU is left for the load generator with 2 workers on CPUs 0-1; want fewer --workers"},
		{one, "--rate 10", "--rate 10: no CPU is left for the load generator with 1 worker on CPU 3; want --arrival closed"},
		{host{cpus: 2}, "--workers 2 --rate 10", "--rate 10: no CPU is left for the load generator with 2 workers on 2 CPUs; want fewer --workers"},
		{two, "--workers 2 --slo p99<1ms", "--slo p99<1ms: no CPU is left for the load generator with 2 workers on CPUs 0-1; want fewer --workers"},
		{one, "--slo p99<1ms", "--slo p99<1ms: no CPU is left for the load generator with 1 worker on CPU 3; want more CPUs"},
		{two, "--workers 1,2 --arrival closed --think exp:1ms", "--think exp:1ms: no CPU is left for the load generator with 2 workers on CPUs 0-1; want fewer --workers"},
		{one, "--arrival closed --think exp:1ms", "--think exp:1ms: no CPU is left for the load generator with 1 worker on CPU 3; want no --think"},
		{two, "--arrival closed --think exp:1ms", ""},
		{one, "", ""},
		{two, "--workers 2", ""},
		{two, "--workers 2 --arrival closed", ""},
		{two, "--rate 10 --arrival poisson", ""},
	} {
		_, err := parseRun(strings.Fields(c.args), c.host)
		if c.want == "" {
			require.NoError(t, err, c.args)
			continue
		}
		require.EqualError(t, err, c.want)
		var usage usageError
		require.ErrorAs(t, err, &usage)
	}
}

// exampleLine is a command in the documentation of the command or in its help, as far as it is of sedabench.
var exampleLine = regexp.MustCompile(`(?m)^(?://\t|  )sedabench( [a-z-][^\n\[|]*)?(\|.*)?$`)

// examplesOf returns the arguments of the examples in the documentation and in the help of every verb.
func examplesOf(t *testing.T) (all [][]string) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	text, _, _ := strings.Cut(string(source), "\npackage main")
	for _, v := range verbs() {
		text += "\n" + v.help()
	}
	for _, match := range exampleLine.FindAllStringSubmatch(text+"\n"+help(), -1) {
		args := strings.Fields(strings.ReplaceAll(match[1], "'", ""))
		if len(args) == 0 || strings.HasPrefix(args[0], "-") {
			args = append([]string{"run"}, args...)
		}
		if !slices.ContainsFunc(all, func(other []string) bool { return slices.Equal(args, other) }) {
			all = append(all, args)
		}
	}
	return all
}

// measuredAll checks that everything was measured that was asked for. Whether a busy machine lets a run count is not asked, but that the exit status says so.
func measuredAll(t *testing.T, code int, errs string, what ...string) {
	t.Helper()
	if strings.Contains(errs, errNoRunCounts.Error()) {
		require.Equal(t, exitFailed, code, what)
		return
	}
	require.Equal(t, exitOK, code, "%s: %s", what, errs)
}

func TestExamplesRun(t *testing.T) {
	examples := examplesOf(t)
	require.GreaterOrEqual(t, len(examples), 10)
	shop, err := filepath.Abs("../../examples/shop.toml")
	require.NoError(t, err)
	t.Chdir(t.TempDir()) // where report leaves pages
	same := map[string]float64{"staged": 1, "pool": 1}
	old, now := saved(t, "old.json", measured(10, "6.1", same)), saved(t, "new.json", measured(10, "6.1", same))
	socket := filepath.Join(t.TempDir(), "shop.sock")
	debugged(t, listen(t, "unix", socket))
	served := debugged(t, listen(t, "tcp", "127.0.0.1:0"))
	for _, args := range examples {
		switch args[0] {
		case "run":
			if i := slices.Index(args, "--preset"); i >= 0 {
				if args = append(args, strings.Fields(tiny[args[i+1]])...); findPreset(args[i+1]).generator && thisHost().cpus < 2 {
					continue
				}
				break
			}
			args = append(append(args, quick...), "--duration", "30ms") // rates are parts of what is completed in closed loop, on a busy machine too
		case "top":
			args = append(args, "--every", "100ms")
		case "sim":
			args = append(args, quick[:4]...)
		case "scale":
			args = append(args, "--duration", "5ms", "--warmup", "1ms", "--reps", "1", "--simulate", "4")
		case "certify":
			args = append(args, "--duration", "20ms", "--warmup", "5ms", "--reps", "1", "--service", "constant:20us")
		case "selftest":
			args = append(args, "--duration", "10ms", "--reps", "1", "--requests", "10000")
		}
		for i := range args {
			args[i] = strings.NewReplacer("old.json", old, "new.json", now, "localhost:8080", served, "/run/shop.sock", socket, "examples/shop.toml", shop).Replace(args[i])
		}
		code, out, errs := sedabench(t, args...)
		if thisHost().cpus < 2 && args[0] == "run" && (slices.Contains(args, "--rate") || slices.Contains(args, "--slo")) {
			require.Equal(t, exitUsage, code, "%s: %s", args, errs)
			continue
		}
		require.NotEqual(t, exitUsage, code, "%s: %s", args, errs)
		if strings.Contains(errs, errNoPeak.Error()) {
			continue // the machine is too busy for a figure of any kind
		}
		require.NotEmpty(t, out, "%s", args)
		if args[0] != "selftest" && args[0] != "certify" { // which say what they think of a busy machine
			measuredAll(t, code, errs, args...)
		}
	}
}

// broken fails to be written to.
type broken struct{}

var errBroken = errors.New("no space left")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestOutputThatCannotBeWritten(t *testing.T) {
	cases := [][]string{{"help"}, {"help", "run"}, {"--version"}, {"topo"}, {"topo", "-o", "json"}, {"sim", "--duration", "1ms"}, {"sim", "--duration", "1ms", "-o", "json"}}
	for _, output := range []string{"text", "json", "bench"} {
		cases = append(cases, append([]string{"--arch", "pool", "--arrival", "closed", "-o", output}, quick...))
	}
	for _, args := range cases {
		var errs strings.Builder
		require.Equal(t, exitFailed, run(args, strings.NewReader(""), broken{}, &errs), args)
		require.Contains(t, errs.String(), errBroken.Error())
	}
}
