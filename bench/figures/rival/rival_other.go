//go:build !linux || !(amd64 || arm64)

package rival

import (
	"errors"
	"io"
)

var errNowhere = errors.New("there are programs for Linux on amd64 and arm64 only")

// Programs are nothing here.
type Programs struct{}

// Open says so.
func Open() (*Programs, error) { return nil, errNowhere }

// Register says so.
func (*Programs) Register() error { return errNowhere }

// Close does nothing.
func (*Programs) Close() error { return nil }

// Statistics says that there are none.
func Statistics() (io.Closer, error) { return nil, errNowhere }

// NSPerRun says that there are none.
func NSPerRun(string) (float64, error) { return 0, errNowhere }
