//go:build !linux

package load

import "github.com/seda-go/seda/affinity"

func confine(affinity.Set) error { return affinity.ErrNotSupported }

func exactTimers() (restore func()) { return func() {} }

func first() (leave func() error) { return func() error { return nil } }
