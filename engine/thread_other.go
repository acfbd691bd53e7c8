//go:build !linux

package engine

import "time"

func onMainThread() bool { return false }

func threadID() int { return 0 }

func statusOf(int) (st threadStatus, ok bool) { return parseStatus(nil) }

func onCPUOf(int) (time.Duration, bool) { return parseOnCPU(nil) }
