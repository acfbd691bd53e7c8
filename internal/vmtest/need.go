package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// need installs the emulator where it is missing and this is root on Debian, as the stages of .ci/run do with what they need.
func need(ctx context.Context, m machine) error {
	_, err := exec.LookPath(m.qemu)
	if err == nil || os.Getuid() != 0 {
		return err
	}
	for _, args := range [][]string{{"-qq", "update"}, {"-qq", "-y", "--no-install-recommends", "install", m.pkg}} {
		if _, err := exec.CommandContext(ctx, "apt-get", args...).Output(); err != nil {
			return fmt.Errorf("%s is missing, and %w", m.qemu, explain("apt-get", err))
		}
	}
	_, err = exec.LookPath(m.qemu)
	return err
}
