//go:build !invariants && !race

package invariant

// Enabled reports whether this build checks invariants. It is a constant.
const Enabled = false
