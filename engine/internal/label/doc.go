// Package label writes what stands beside stages and workers in the pictures of a graph, as DOT (package engine) and as SVG (engine/debug).
package label
