package profile

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Kernel knows the functions of the running kernel. It is safe for concurrent use.
type Kernel struct{ functions []symbol } // by address

type symbol struct {
	address uint64
	name    string
}

// ErrHidden is what OpenKernel returns where the kernel shows no addresses: kernel.kptr_restrict is 1 and CAP_SYSLOG missing, or it is 2.
var ErrHidden = errors.New("profile: the kernel hides its addresses")

// OpenKernel reads /proc/kallsyms, which takes some tens of milliseconds.
func OpenKernel() (*Kernel, error) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer f.Close()
	return readKernel(f)
}

// readKernel reads lines such as "ffffffff81000000 T _text", or "ffffffffc0000000 t name [module]".
func readKernel(r io.Reader) (*Kernel, error) {
	k := &Kernel{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		address, rest, _ := strings.Cut(lines.Text(), " ")
		kind, name, _ := strings.Cut(rest, " ")
		name, _, _ = strings.Cut(name, "\t")
		at, err := strconv.ParseUint(address, 16, 64)
		if err != nil || at == 0 || !strings.ContainsAny(kind, "tTwW") {
			continue
		}
		k.functions = append(k.functions, symbol{at, name})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("profile: kernel symbols: %w", err)
	}
	if len(k.functions) == 0 {
		return nil, ErrHidden
	}
	slices.SortStableFunc(k.functions, func(a, b symbol) int { return cmp.Compare(a.address, b.address) })
	k.functions = slices.CompactFunc(k.functions, func(a, b symbol) bool { return a.address == b.address }) // the first name is the kernel's choice, others are of sections
	return k, nil
}

func (k *Kernel) first() uint64 { return k.functions[0].address }

// Name returns the function that an address is in.
func (k *Kernel) Name(pc uint64) string {
	i, found := slices.BinarySearchFunc(k.functions, pc, func(s symbol, pc uint64) int { return cmp.Compare(s.address, pc) })
	if found {
		return k.functions[i].name
	}
	if i == 0 {
		return "[unknown]"
	}
	return k.functions[i-1].name
}

// withoutProbes leaves out the frames of the programs that looked: time off the CPU begins in the scheduler.
func (k *Kernel) withoutProbes(stack []uint64) []uint64 {
	i := slices.IndexFunc(stack, func(pc uint64) bool { return k.Name(pc) == "__schedule" })
	return stack[max(i, 0):]
}
