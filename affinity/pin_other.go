//go:build !linux

package affinity

func allowed(int) (Set, error) { return Set{}, ErrNotSupported }

func pinSelf(Set) error { return ErrNotSupported }

func pinThread(int, Set) error { return ErrNotSupported }

func current() (int, error) { return -1, ErrNotSupported }
