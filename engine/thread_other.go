//go:build !linux

package engine

func onMainThread() bool { return false }

func threadID() int { return 0 }
