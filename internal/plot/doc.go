// Package plot draws diagrams and graphs as SVG: pure functions from values to text, the same for the same values.
//
// Colours come from a style sheet (Style), in light, dark and on paper; what a picture says it says without them too: series differ by marker,
// and what was not measured is dashed and hollow. All text is escaped, and values that have no place on an axis are left out.
package plot
