//go:build !linux

package affinity

func allowed() (Set, error) { return Set{}, ErrNotSupported }

func pinSet(Set) error { return ErrNotSupported }

func current() (int, error) { return -1, ErrNotSupported }
