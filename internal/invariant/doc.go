// Package invariant holds assertions that cost nothing in an ordinary build.
//
// Enabled is a constant: true under the build tags invariants and race, false
// otherwise. A check that is expensive, or whose arguments are, stands inside
// "if invariant.Enabled { ... }" and is removed by the compiler when it is
// false. Sometimes forces rare paths (a spurious full ring, an early park), so
// that the tests walk paths that load alone seldom reaches.
package invariant
