package profile

import (
	"testing"

	"github.com/seda-go/seda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
