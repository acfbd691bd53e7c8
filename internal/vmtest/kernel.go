package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// image returns the name of the guest's kernel. Packages are fetched once, into the cache; to have newer ones, empty it.
func (g guest) image(ctx context.Context, cache string) (string, error) {
	name := filepath.Join(cache, "vmlinuz-"+g.kernel+"-"+g.arch)
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	dir, err := os.MkdirTemp(cache, "apt")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	a, err := newApt(dir, g.release, g.arch)
	if err != nil {
		return "", err
	}
	if err := a.fetch(ctx, "linux-image-"+g.arch); err != nil {
		return "", fmt.Errorf("no kernel %v of Debian %s: %w", g, g.release, err)
	}
	return name, a.unpackKernel(ctx, name)
}

// apt is the package manager with a folder of its own for one release and architecture, so that the machine's state is not touched.
type apt struct{ dir string }

func newApt(dir, release, arch string) (a *apt, err error) {
	for _, sub := range []string{"etc/apt/preferences.d", "etc/apt/sources.list.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "deb"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, sub), 0o755))
	}
	const keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
	source := fmt.Sprintf("deb [arch=%s signed-by=%s] http://deb.debian.org/debian %s main\n", arch, keys, release)
	config := fmt.Sprintf(`Dir %q; Dir::State::status %q; Dir::Etc::parts "/etc/apt/apt.conf.d"; APT::Architecture %q; APT::Architectures { %[3]q; };
Acquire::Languages "none"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false"; APT::Sandbox::User "root";
`, dir, filepath.Join(dir, "status"), arch)
	for name, text := range map[string]string{"etc/apt/sources.list": source, "apt.conf": config, "status": ""} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return &apt{dir}, err
}

// run returns what a command wrote, and in the error what it complained of.
func (a *apt) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(a.dir, "deb")
	cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(a.dir, "apt.conf"), "LC_ALL=C")
	out, err := cmd.Output()
	return string(out), explain(name, err)
}

func explain(name string, err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}

// fetch gets the package that the package of the newest kernel depends on.
func (a *apt) fetch(ctx context.Context, newest string) error {
	if _, err := a.run(ctx, "apt-get", "-qq", "update"); err != nil {
		return err
	}
	out, err := a.run(ctx, "apt-cache", "depends", newest)
	if err != nil {
		return err
	}
	_, name, _ := strings.Cut(out, "Depends: ")
	name, _, _ = strings.Cut(name, "\n")
	_, err = a.run(ctx, "apt-get", "-qq", "download", name)
	return err
}

// unpackKernel takes the one file out of the package that a guest needs.
func (a *apt) unpackKernel(ctx context.Context, to string) error {
	debs, err := filepath.Glob(filepath.Join(a.dir, "deb", "*.deb"))
	if err != nil || len(debs) != 1 {
		return errors.Join(fmt.Errorf("%d packages were fetched, and not one", len(debs)), err)
	}
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", debs[0])
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = extract(out, "boot/vmlinuz-", to)
	_, rest := io.Copy(io.Discard, out) // or dpkg-deb would be told of a broken pipe
	return errors.Join(err, rest, cmd.Wait())
}

// extract writes the first file whose name begins so. It is there as a whole, or not at all.
func extract(from io.Reader, prefix, to string) error {
	for archive := tar.NewReader(from); ; {
		h, err := archive.Next()
		if err != nil {
			return fmt.Errorf("look for %s in the package: %w", prefix, err)
		}
		if !strings.HasPrefix(strings.TrimPrefix(h.Name, "./"), prefix) {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		part := to + ".part"
		if err := os.WriteFile(part, data, 0o600); err != nil {
			return errors.Join(err, os.RemoveAll(part))
		}
		return os.Rename(part, to)
	}
}
