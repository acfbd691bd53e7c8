package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed c/pingpong.c
var pingpongC []byte

// pingpong is the rival of a hop: the cache-line ping-pong in C, in nanoseconds
// per round trip. It is compiled anew for each sample, so that nothing stays.
func pingpong(ctx context.Context) (float64, error) {
	near, far, err := twoCPUs()
	if err != nil {
		return 0, err
	}
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return 0, unavailable("gcc is missing")
	}
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "pingpong")
	compile := exec.CommandContext(ctx, gcc, "-O2", "-pthread", "-x", "c", "-", "-o", program)
	compile.Stdin = strings.NewReader(string(pingpongC))
	if out, err := compile.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("compile pingpong.c: %w\n%s", err, out)
	}
	out, err := exec.CommandContext(ctx, program, strconv.Itoa(near), strconv.Itoa(far),
		strconv.Itoa(hopBlocks), strconv.Itoa(hopTrips)).Output()
	if err != nil {
		return 0, fmt.Errorf("run pingpong: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}
