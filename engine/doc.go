// Package engine runs event-driven services built as a network of stages.
package engine
