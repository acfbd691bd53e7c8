package bpf

//go:generate go tool -modfile=../../tools/go.mod bpf2go -go-package bpf -target bpfel -tags linux -type seda_thread -type seda_cell -type seda_place -type seda_taker -type seda_taken -type seda_registration kernel seda.bpf.c -- -O2 -g -Wall -Werror -mcpu=v3
//go:generate go tool -modfile=../../tools/go.mod bpf2go -go-package bpf -target bpfel -tags linux -type seda_stack -type seda_spent -type seda_pause stacks stacks.bpf.c -- -O2 -g -Wall -Werror -mcpu=v3
