package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// install installs the packages that natives need and the machine has not, if it can; what is then still missing, the build of each says.
func install(ctx context.Context, progress io.Writer) {
	missing := missingPackages(ctx)
	if len(missing) == 0 {
		return
	}
	names := strings.Join(missing, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		fmt.Fprintf(progress, "not installed, which takes root and apt-get: %s\n", names)
		return
	}
	fmt.Fprintf(progress, "install %s\n", names)
	for _, args := range [][]string{
		{"update", "-qq"},
		append([]string{"install", "-y", "-qq", "--no-install-recommends"}, missing...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(progress, "apt-get %s: %v: %s\n", args[0], err, firstError(string(out)))
			return
		}
	}
}

func missingPackages(ctx context.Context) []string {
	wanted := []string{"g++"}
	for _, n := range natives {
		wanted = append(wanted, n.packages...)
	}
	return slices.DeleteFunc(wanted, func(name string) bool {
		return strings.HasSuffix(output(ctx, "dpkg-query", "-W", "-f", "${Status}", name), " installed")
	})
}
