// Package rival is what the programs of probes/bpf are measured beside: the same accounts as they were first designed, with task storage and with
// atomic additions to cells that threads share. It is there for the figures alone, and reads no results.
package rival

//go:generate go tool -modfile=../../../tools/go.mod bpf2go -go-package rival -target bpfel -tags linux -type rival_thread -type rival_cell -type rival_registration kernel rival.bpf.c -- -O2 -g -Wall -Werror -mcpu=v3
