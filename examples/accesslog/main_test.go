package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// asProgram in the environment makes the test binary the program, for compare, which runs itself.
const asProgram = "ACCESSLOG_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func line(path, status, bytes string) string {
	return "10.0.0.1 - ann [01/Jan/2026:10:00:00 +0000] \"GET " + path + " HTTP/1.1\" " + status + " " + bytes + "\n"
}

// odd is a log with everything that may go wrong in a line, or not quite.
func odd() string {
	good := line("/a", "200", "10")
	return good + line("/b", "404", "-") + line("/b", "503", "0") +
		"\n \n\t\n" + // empty
		strings.Replace(good, " ", "  ", 3) + " " + strings.Replace(good, " ", " \t ", 1) + strings.ReplaceAll(good, " ", "\t") + // blanks
		strings.TrimSuffix(good, "\n") + " \n" + strings.TrimSuffix(good, "\n") + "\r\n" + // after the end
		line("/with space", "200", "1") + strings.Replace(good, "ann ", "", 1) + // too many fields, too few
		line("/a", "99", "1") + line("/a", "600", "1") + line("/a", "2x0", "1") + line("/a", "2000", "1") + line("/a", "20", "1") +
		line("/a", "200", "1x") + line("/a", "200", "--") + line("/a", "200", "+1") +
		line("/a", "200", "999999999999999") + line("/a", "200", "1000000000000000") + line("/a", "200", "000000000000001") +
		line("/"+strings.Repeat("x", maxPath-1), "200", "1") +
		line(strings.Repeat("x", maxLine-len(line("", "200", "1"))+1), "100", "1") + // as long as may be, with a path that is not
		line(strings.Repeat("x", maxLine-len(line("", "200", "1"))+2), "100", "1") +
		line(strings.Repeat("x", 5*blockSize), "200", "1") +
		strings.Repeat("x", blockSize) + "\n" + strings.Repeat("x", blockSize-1) + "\n" +
		strings.TrimSuffix(good, "\n") // ends without an end of line
}

func generated(t *testing.T, size int64) string {
	var log strings.Builder
	require.NoError(t, generate(&log, size, 7))
	return log.String()
}

func dumped(t *testing.T, s *summary) []string {
	var out strings.Builder
	require.NoError(t, s.dump(&out))
	return sorted(out.String())
}

func sorted(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return lines
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Every way to count, and reader, gives the same for the same log.
func TestWaysAgree(t *testing.T) {
	for name, log := range map[string]string{
		"nothing": "", "a line": line("/a", "200", "1"), "odd": odd(), "much": generated(t, 3<<20), "both": generated(t, 1<<20) + odd(),
	} {
		var want []string
		for by, count := range counters {
			for _, r := range []io.Reader{strings.NewReader(log), iotest.HalfReader(strings.NewReader(log)), iotest.DataErrReader(strings.NewReader(log))} {
				s, err := count(limited(t), r)
				require.NoError(t, err)
				if want == nil {
					want = dumped(t, s)
				}
				require.Equal(t, want, dumped(t, s), "%s: %s", name, by)
			}
		}
	}
}

func TestOddLines(t *testing.T) {
	s, err := countStaged(limited(t), strings.NewReader(odd()), 2)
	require.NoError(t, err)
	require.Equal(t, map[string]*tally{
		"/a": {8, 10*6 + 999999999999999 + 1}, "/b": {2, 0}, "/" + strings.Repeat("x", maxPath-1): {1, 1},
	}, s.paths)
	require.Equal(t, tally{1, 1}, s.others)
	require.Equal(t, [6]tally{1: {1, 1}, 2: {9, 10*6 + 999999999999999 + 2}, 4: {1, 0}, 5: {1, 0}}, s.classes)
	require.Equal(t, uint64(3+1+2+5+3+1+2+2), s.malformed)
}

// TestAwk compares with awk on the same file, other than lines whose path counts among others, which awk does not know.
func TestAwk(t *testing.T) {
	paths := awks()
	if len(paths) == 0 {
		t.Skip("awk is missing")
	}
	log := generated(t, 2<<20)
	for _, l := range strings.SplitAfter(odd(), "\n") {
		if len(l) < 2*maxPath || len(l) > maxLine+1 {
			log += l
		}
	}
	file := filepath.Join(t.TempDir(), "access.log")
	require.NoError(t, os.WriteFile(file, []byte(log), 0o600))
	s, err := countStaged(limited(t), strings.NewReader(log), 2)
	require.NoError(t, err)
	for _, path := range paths {
		cmd := exec.CommandContext(limited(t), path, countAwk, file)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.Output()
		require.NoError(t, err)
		require.Equal(t, dumped(t, s), sorted(string(out)), path)
	}
}

// A log that is 8 times as long takes no more memory: what is allocated in all, not only what remains, stays the same but for a little.
func TestConstantMemory(t *testing.T) {
	allocated := func(size int64) uint64 {
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(generate(w, size, 1)) }()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := countStaged(limited(t), r, 2)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		return after.TotalAlloc - before.TotalAlloc
	}
	short := allocated(2 << 20)
	long := allocated(16 << 20)
	require.Less(t, long, short+4<<20, "%d and %d bytes", short, long)
}

func TestLimitOfPaths(t *testing.T) {
	const more = 100
	var log bytes.Buffer
	for i := range maxPaths + more {
		log.WriteString(line(fmt.Sprint("/", i), "200", "2"))
	}
	s, err := countStaged(limited(t), &log, 2)
	require.NoError(t, err)
	require.Len(t, s.paths, maxPaths)
	require.Equal(t, tally{more, 2 * more}, s.others)
	require.Equal(t, tally{maxPaths + more, 2 * (maxPaths + more)}, s.classes[2])
	require.Contains(t, strings.Join(dumped(t, s), "\n"), "others 100 200")
}

func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	long := strings.NewReader(strings.Repeat("x", 3*blockSize/2))
	for by, count := range counters {
		for _, before := range []io.Reader{strings.NewReader(""), strings.NewReader(odd()), long} {
			_, err := count(limited(t), io.MultiReader(before, iotest.ErrReader(broken)))
			require.ErrorIs(t, err, broken, by)
		}
	}
}

// endless is a log that does not end.
type endless struct {
	line string
	at   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for ; n < len(p); n++ {
		p[n] = e.line[e.at]
		e.at = (e.at + 1) % len(e.line)
	}
	return n, nil
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := io.TeeReader(&endless{line: line("/a", "200", "1")}, writer(cancel))
	_, err := countStaged(ctx, r, 2)
	require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrClosed), "%v", err) // the engine ends with the context
}

// writer calls itself when it is written to.
type writer func()

func (w writer) Write(p []byte) (int, error) { w(); return len(p), nil }

func TestGenerate(t *testing.T) {
	const size = 100_000
	log := generated(t, size)
	require.GreaterOrEqual(t, len(log), size)
	require.Less(t, len(log), size+500)
	require.True(t, strings.HasSuffix(log, "\n"))
	require.Equal(t, log, generated(t, size))
	var other strings.Builder
	require.NoError(t, generate(&other, size, 8))
	require.NotEqual(t, log, other.String())
	require.ErrorIs(t, generate(failing{}, size, 1), io.ErrShortWrite)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, nil }

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "7": 7, "64KiB": 64 << 10, "10MiB": 10 << 20, "1GiB": 1 << 30} {
		n, err := parseSize(s)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	for _, s := range []string{"", "1GB", "-1", "KiB", "1.5MiB", "99999999999GiB"} {
		_, err := parseSize(s)
		require.ErrorContains(t, err, "want a number of bytes", s)
	}
}

// FuzzLine holds that the quick way to split a line finds what the general way finds, and that parsing survives anything.
func FuzzLine(f *testing.F) {
	for _, l := range strings.Split(odd(), "\n") {
		if len(l) < 200 {
			f.Add([]byte(l))
		}
	}
	f.Fuzz(func(t *testing.T, l []byte) {
		var plain, general [fields][2]int
		if bytes.IndexByte(l, '\t') < 0 && splitPlain(l, &plain) {
			require.True(t, splitBlanks(l, &general))
			require.Equal(t, general, plain)
		}
		if r, ok := parseLine(l, false); ok {
			require.NotContains(t, string(l[r.path:r.end]), " ")
			require.NotEmpty(t, l[r.path:r.end])
			require.InDelta(t, 3, r.class, 2)
		}
	})
}

func TestProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	program := func(in string, args ...string) (code int, out, errs string) {
		var o, e bytes.Buffer
		code = run(limited(t), args, strings.NewReader(in), &o, &e)
		return code, o.String(), e.String()
	}
	code, out, errs := program(line("/a", "200", "10") + line("/b", "404", "-") + line("/b", "404", "1") + "?")
	require.Zero(t, code, errs)
	require.Equal(t, `status                lines                bytes
2xx                       1                   10
4xx                       2                    1
malformed                 1

         lines                bytes  path
             2                    1  /b
             1                   10  /a
`, out)
	code, _, errs = program("", "-generate", "100KiB", file)
	require.Zero(t, code, errs)
	code, want, errs := program("", file)
	require.Zero(t, code, errs)
	code, log, errs := program("", "-generate", "100KiB")
	require.Zero(t, code, errs)
	for by := range counters {
		code, out, errs = program(log, "-by", by)
		require.Zero(t, code, errs)
		require.Equal(t, want, out)
	}
	for _, c := range []struct {
		code int
		errs string
		args string
	}{
		{2, "2 files, want at most one", "a b"},
		{2, `-by is "magic", want engine, blocks or lines`, "-by magic"},
		{2, "-compare wants a file", "-compare"},
		{2, "-rounds is 0, want at least one", "-compare -rounds 0 a"},
		{2, "-what", "-what"},
		{1, "want a number of bytes", "-generate much"},
		{1, "no such file", file + ".not"},
		{1, "no such file", "-compare " + file + ".not"},
		{1, "no such file", "-generate 1 " + file + "/in/it"},
	} {
		code, _, errs := program("", strings.Fields(c.args)...)
		require.Equal(t, c.code, code, c.args)
		if !strings.Contains(errs, "not a directory") {
			require.Contains(t, errs, c.errs)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Setenv(asProgram, "1")
	file := filepath.Join(t.TempDir(), "access.log")
	require.NoError(t, os.WriteFile(file, []byte(generated(t, 1<<20)), 0o600))
	var out bytes.Buffer
	require.NoError(t, compare(limited(t), file, 1, &out))
	require.Contains(t, out.String(), "1 rounds; all count the same\n")
	for _, name := range []string{"engine", "blocks over channels", "lines over channels"} {
		require.Contains(t, out.String(), "\n"+name+" ")
	}
}

func TestQuartiles(t *testing.T) {
	runs := []result{{memory: 4}, {memory: 1}, {memory: 2}, {memory: 3}, {memory: 5}}
	low, mid, high := quartiles(runs, func(r result) float64 { return float64(r.memory) })
	require.Equal(t, []float64{2, 3, 4}, []float64{low, mid, high})
	low, mid, high = quartiles(runs[:2], func(r result) float64 { return float64(r.memory) })
	require.Equal(t, []float64{1.75, 2.5, 3.25}, []float64{low, mid, high})
}
