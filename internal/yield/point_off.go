//go:build !yield && !invariants && !race

package yield

// Point is called where others may come in between: before each step that they
// can see, or that depends on what they did.
func Point() {}
