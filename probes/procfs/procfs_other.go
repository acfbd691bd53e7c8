//go:build !linux

package procfs

import (
	"fmt"

	"github.com/seda-go/seda/probes"
)

func open(probes.Metrics) (probes.Source, error) {
	return nil, fmt.Errorf("procfs: %w", probes.NotLinux)
}
