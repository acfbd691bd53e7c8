// Package report turns measurements into what people and programs read: the
// JSON of schema sedabench/1, tables of medians with quartiles, and the Go
// benchmark format.
package report
