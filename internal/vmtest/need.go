package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// packageOf names the Debian package of an emulator.
var packageOf = map[string]string{"qemu-system-x86_64": "qemu-system-x86", "qemu-system-aarch64": "qemu-system-arm"}

// need installs the emulator where it is missing and this is root on Debian, as the stages of .ci/run do with what they need.
func need(ctx context.Context, qemu string) error {
	_, err := exec.LookPath(qemu)
	if err == nil || os.Getuid() != 0 {
		return err
	}
	for _, args := range [][]string{{"-qq", "update"}, {"-qq", "-y", "--no-install-recommends", "install", packageOf[qemu]}} {
		if _, err := exec.CommandContext(ctx, "apt-get", args...).Output(); err != nil {
			return fmt.Errorf("%s is missing, and %w", qemu, errors.Join(explain("apt-get", err)))
		}
	}
	_, err = exec.LookPath(qemu)
	return err
}
