package bpf

import (
	"runtime"
	"testing"

	"github.com/seda-go/seda/internal/leaktest"
)

// The main goroutine keeps the main thread, which does not end with a goroutine that is locked to it.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) { leaktest.Main(m) }
