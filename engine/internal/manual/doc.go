// Package manual is the door by which enginetest drives an engine: what it needs of the inside and no program should have. Package engine
// puts its functions here when it is initialized; enginetest, and soak for its plans, call them. Engines, stages and edges go through as any, since this
// package, which both import, cannot know their types.
package manual
