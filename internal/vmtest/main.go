// Vmtest runs the tests of what depends on the kernel under other kernels: those of Debian, in machines that qemu emulates, so nothing but qemu is
// needed and nothing of this machine is touched. One has eight CPUs and two nodes of memory, one counters for cycles and instructions.
//
//	go run ./internal/vmtest             all guests, in about three minutes on two CPUs
//	go run ./internal/vmtest '6.1 amd'   those whose name matches
//
// Kernels come from packages, which are fetched once, into the user's cache directory. It prints a line for each guest and package, and a line
// for a guest that cannot be had here. Times that tests measure in a guest mean nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// packages are those whose tests are run.
var packages = []string{"probes", "probes/procfs", "probes/perf", "probes/bpf", "affinity"}

// folder is where a package is in a guest.
func folder(pkg string) string { return strings.ReplaceAll(pkg, "/", "-") }

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "vmtest:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, pattern string) (ok bool, err error) {
	match, err := regexp.Compile(pattern)
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
	ok = true
	for _, g := range guests {
		if match.MatchString(g.String()) && !try(ctx, g, cache) {
			ok = false
		}
	}
	return ok, nil
}

// try runs all tests in one guest, and reports whether none failed.
func try(ctx context.Context, g guest, cache string) bool {
	began := time.Now()
	kernel, err := g.image(ctx, cache)
	if err == nil {
		err = need(ctx, g.qemu)
	}
	if err != nil {
		fmt.Printf("%-10s  skipped: %v\n", g, err)
		return true
	}
	console, err := boot(ctx, g, kernel)
	if err != nil {
		fmt.Printf("%-10s  failed: %v\n%s\n", g, err, indent(console))
		return false
	}
	ok := true
	for _, o := range outcomes(console, packages) {
		fmt.Printf("%-10s  %-14s  %v\n", g, o.pkg, o)
		ok = ok && o.failed == ""
	}
	fmt.Printf("%-10s  %.0f s\n", g, time.Since(began).Seconds())
	return ok
}

// boot compiles the tests for the guest and runs them there.
func boot(ctx context.Context, g guest, kernel string) (console string, err error) {
	dir, err := os.MkdirTemp("", "vmtest")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	archive := filepath.Join(dir, "initrd")
	if err := pack(ctx, g.arch, dir, archive); err != nil {
		return "", err
	}
	return g.run(ctx, kernel, archive)
}

// pack makes the archive of init and the tests.
func pack(ctx context.Context, arch, dir, archive string) error {
	var a initrd
	program := filepath.Join(dir, "program")
	if err := compile(ctx, arch, "build", "-o", program, "./internal/vmtest/init"); err != nil {
		return err
	}
	if err := a.file("init", program); err != nil {
		return err
	}
	a.folder("dev")
	a.folder("tests")
	for _, pkg := range packages {
		at := "tests/" + folder(pkg)
		a.folder(at)
		if err := compile(ctx, arch, "test", "-c", "-o", program, "./"+pkg); err != nil {
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
