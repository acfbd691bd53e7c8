//go:build amd64 && !race

package release

// Fence orders every store before it, those of this package too, before every load after it: the StoreLoad order that Store lacks.
// It costs about 5 ns and waits for no cache line but those the goroutine has written.
func Fence()
