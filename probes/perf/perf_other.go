//go:build !linux

package perf

import (
	"fmt"

	"github.com/seda-go/seda/probes"
)

func open(probes.Metrics) (probes.Source, error) {
	return nil, fmt.Errorf("perf: %w", probes.NotLinux)
}
