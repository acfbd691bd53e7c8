//go:build !linux

package engine

func onMainThread() bool { return false }
