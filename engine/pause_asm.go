//go:build amd64 || arm64

package engine

// cpuPause tells the CPU that this is a spin loop: it saves power and leaves the core's resources to the sibling thread.
func cpuPause()
