// Package flow is what the programs of all peers share: the source and the end of the pipeline, the check of what arrives, and main.
package flow
