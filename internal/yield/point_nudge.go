//go:build !yield && (invariants || race)

package yield

// Point lets others run now and then.
func Point() { nudge() }
