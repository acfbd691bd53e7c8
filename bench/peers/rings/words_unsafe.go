package main

import "unsafe"

// words is an item of eight words as an array, of which the compiler can index constant elements.
func words[T item](v *T) *[8]uint64 { return (*[8]uint64)(unsafe.Pointer(v)) }
