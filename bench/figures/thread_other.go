//go:build !linux

package main

import (
	"os"
	"time"
)

const notLinux = unavailable("needs Linux")

func threadTime() (time.Duration, error) { return 0, notLinux }

func threadID() int { return 0 }

func rawPipe() (r, w *os.File, err error) { return nil, nil, notLinux }

func bounce(_, _ *os.File, _ bool) error { return notLinux }
