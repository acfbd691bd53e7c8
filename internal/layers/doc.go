// Package layers holds no code, only tests of the tree it stands in: which
// package may import which, and the rules of style that a machine can check.
//
// The tests read every Go file of the module, whatever its build tags, and ask
// the go command what package engine links. Run them with -count=1: the test
// cache does not notice files that other packages gained.
package layers
