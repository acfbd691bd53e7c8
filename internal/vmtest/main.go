// Vmtest runs the tests of what depends on the kernel under other kernels: those of Debian, in machines that qemu emulates, so nothing but qemu is
// needed and nothing of this machine is touched. One has eight CPUs and two nodes of memory, one counters for cycles and instructions.
//
//	go run ./internal/vmtest             all guests, as many at once as there are CPUs
//	go run ./internal/vmtest '6.1 amd'   those whose name matches
//
// Kernels come from packages, which are fetched once, into the user's cache directory. It prints a line for each guest and package, and a line
// for a guest that cannot be had here. Times that tests measure in a guest mean nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// folder is where a package is in a guest.
func folder(pkg string) string { return strings.ReplaceAll(pkg, "/", "-") }

type options struct {
	tests    string    // which to run
	console  io.Writer // is shown what guests write as it comes
	loglevel string    // of the guests' kernels
}

func main() {
	o := options{console: io.Discard, loglevel: "4"}
	flag.StringVar(&o.tests, "run", "^(Test|Example)", "the tests to run; seeds of fuzzers are text, which no kernel changes")
	verbose := flag.Bool("v", false, "show what guests and their kernels say, too")
	flag.Parse()
	if flag.NArg() > 1 {
		fmt.Fprintf(os.Stderr, "vmtest: want one pattern of guests' names, got %q\n", flag.Args())
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *verbose {
		o.console, o.loglevel = os.Stderr, "7"
	}
	ok, err := run(ctx, flag.Arg(0), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vmtest:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, pattern string, o options) (ok bool, err error) {
	picked, err := pick(pattern)
	if err != nil {
		return false, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return false, err
	}
	cache = filepath.Join(cache, "seda", "vmtest")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return false, err
	}
	atOnce := runtime.NumCPU() // an emulator uses one
	if o.console != io.Discard {
		atOnce = 1 // or nobody could tell who says what
	}
	var guests sync.WaitGroup
	var failed atomic.Bool
	turn := make(chan struct{}, atOnce)
	for _, g := range picked {
		turn <- struct{}{}
		guests.Go(func() {
			lines, ok := try(ctx, g, cache, o)
			fmt.Print(lines)
			if !ok {
				failed.Store(true)
			}
			<-turn
		})
	}
	guests.Wait()
	return !failed.Load(), nil
}

// pick returns the guests whose name matches.
func pick(pattern string) (list []guest, err error) {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	for _, g := range guests {
		if match.MatchString(g.String()) {
			list = append(list, g)
		}
	}
	if list == nil {
		return nil, fmt.Errorf("no guest's name matches %q: there are %q", pattern, guests)
	}
	return list, nil
}

// try runs all tests in one guest. It returns what is to be said of them, and whether none failed.
func try(ctx context.Context, g guest, cache string, o options) (lines string, ok bool) {
	began := time.Now()
	kernel, err := g.fetch(ctx, cache)
	if err != nil {
		return fmt.Sprintf("%-23s  skipped: %v\n", g, err), true
	}
	console, ran, err := boot(ctx, g, kernel, o)
	if err == nil && !strings.Contains(console, "vmtest begin ") {
		err = errors.New("it did not come up")
	}
	if err != nil {
		return fmt.Sprintf("%-23s  failed: %v\n%s\n", g, err, indent(console)), false
	}
	ok = true
	for _, o := range outcomes(console, g.packages) {
		lines += fmt.Sprintf("%-23s  %-14s  %v\n", g, o.pkg, o)
		ok = ok && o.failed == ""
	}
	return lines + fmt.Sprintf("%-23s  %.0f s, %.0f of them in the guest\n", g, time.Since(began).Seconds(), ran.Seconds()), ok
}

// fetching is held by one guest at a time: packages have locks, and two guests may want the same.
var fetching sync.Mutex

// fetch gets what the guest needs that is not here, and returns the name of its kernel.
func (g guest) fetch(ctx context.Context, cache string) (kernel string, err error) {
	fetching.Lock()
	defer fetching.Unlock()
	if kernel, err = g.image(ctx, cache); err != nil {
		return "", err
	}
	return kernel, need(ctx, machines[g.arch])
}

// boot compiles the tests for the guest and runs them there, which took so long.
func boot(ctx context.Context, g guest, kernel string, o options) (console string, ran time.Duration, err error) {
	dir, err := os.MkdirTemp("", "vmtest")
	if err != nil {
		return "", 0, err
	}
	defer os.RemoveAll(dir)
	archive := filepath.Join(dir, "initrd")
	if err := g.pack(ctx, dir, archive); err != nil {
		return "", 0, err
	}
	began := time.Now()
	console, err = g.run(ctx, kernel, archive, o)
	return console, time.Since(began), err
}

// pack makes the archive of init and the tests.
func (g guest) pack(ctx context.Context, dir, archive string) error {
	var a initrd
	program := filepath.Join(dir, "program")
	if err := compile(ctx, g.arch, "build", "-o", program, "./internal/vmtest/init"); err != nil {
		return err
	}
	if err := a.file("init", program); err != nil {
		return err
	}
	a.folder("dev")
	a.folder("tests")
	for _, pkg := range g.packages {
		at := "tests/" + folder(pkg)
		a.folder(at)
		if err := compile(ctx, g.arch, "test", "-c", "-o", program, "./"+pkg); err != nil {
			return err
		}
		if err := a.file(at+"/test", program); err != nil {
			return err
		}
		if err := a.tree(at+"/testdata", filepath.Join(filepath.FromSlash(pkg), "testdata")); err != nil {
			return err
		}
	}
	return a.write(archive)
}

func compile(ctx context.Context, arch string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
