// Package page makes one HTML page of files that sedabench wrote: plots, tables and what they mean, with nothing to load from elsewhere.
//
// A section is a few views, of which the script shows one at a time; without it, and on paper, all are there. Names in files are not
// trusted: text is escaped by html/template and package plot, and the page's policy lets no script run but its own.
package page
