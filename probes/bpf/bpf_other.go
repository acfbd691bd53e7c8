//go:build !linux || !(amd64 || arm64)

package bpf

import (
	"fmt"

	"github.com/seda-go/seda/probes"
)

func open(Config) (probes.Source, error) {
	return nil, fmt.Errorf("bpf: %w", probes.NotLinux)
}

func openStacks(probes.Source, StackConfig) (Stacks, error) {
	return nil, fmt.Errorf("bpf: %w", probes.NotLinux)
}
