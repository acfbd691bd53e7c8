// Package mutants breaks a package in one place at a time and runs the tests that have to notice: a mutation that none of them notices
// survives, and shows what nothing holds.
//
// A mutation replaces some text. One whose text is not in the code any more is an error: the lists have to follow the code. Nothing is written
// to the tree: the compiler gets changed files as an overlay, with all mutants of a build in them (weave.go), of which each run of the tests
// chooses one. One that changes what is not within a function is compiled alone. First the tests have to pass with none chosen. Mutations
// that no test on this machine can show, such as a store that is not a release store, stand for variants of a model in the package's directory
// model, which then has to catch them.
package mutants
