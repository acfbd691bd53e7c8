package affinity_test

import (
	"runtime"
	"testing"

	"github.com/seda-go/seda/internal/leaktest"
)

// The main goroutine keeps the main thread, so that no test pins it: the
// thread cannot be destroyed and would stay bound.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) { leaktest.Main(m) }
