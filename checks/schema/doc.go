// Package schema checks that what sedabench prints as JSON is of the schema in docs/sedabench-1.schema.json, which is for
// programs of other people: it lists every field, and allows no other.
package schema
