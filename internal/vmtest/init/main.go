//go:build linux

// Init is the first and only program of a guest of vmtest: it mounts what tests look at, runs each of them in its folder, says on the console
// how it went, and turns the machine off.
//
// The tests of a package are /tests/<folder>/test; the folder has its testdata, too.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	for _, m := range [][2]string{
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"tmpfs", "/tmp"},
		{"securityfs", "/sys/kernel/security"},
		{"tracefs", "/sys/kernel/tracing"},
		{"bpf", "/sys/fs/bpf"},
		{"cgroup2", "/sys/fs/cgroup"},
	} {
		err := os.MkdirAll(m[1], 0o755)
		if err == nil {
			err = unix.Mount(m[0], m[1], m[0], 0, "")
		}
		if err != nil {
			fmt.Println("mount", m[1], err)
		}
	}
	tests, err := filepath.Glob("/tests/*/test")
	if err != nil {
		fmt.Println(err)
	}
	for _, test := range tests {
		run(test)
	}
	up, _ := os.ReadFile("/proc/uptime")
	fmt.Printf("vmtest end, up %s", up)
	unix.Sync()
	err = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART) // and the emulator ends, which does not reboot
	fmt.Println("reboot", err)
}

func run(test string) {
	dir := filepath.Dir(test)
	fmt.Println("vmtest begin", filepath.Base(dir))
	cmd := exec.Command(test, "-test.v", "-test.short", "-test.run="+os.Getenv("SEDA_RUN"), "-test.timeout=12m") // the kernel hands on what it does not know
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stdout
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp", "HOME=/tmp")
	outcome, began := "ok", time.Now()
	if err := cmd.Run(); err != nil {
		outcome = err.Error()
	}
	fmt.Printf("vmtest outcome %s\nvmtest seconds %.0f\n", outcome, time.Since(began).Seconds())
}
