// Rings measures the queues of package ring beside other bounded queues in Go, C and C++, on the same work.
package main
