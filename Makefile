# Thin: each target is one command that can be typed as well.
GO   ?= go
TOOL  = $(GO) tool -modfile=tools/go.mod
F    ?=
FOR  ?= 1m
ITEMS ?= 1e9

.DEFAULT_GOAL := help
.PHONY: help build test race invariants schedules bench figures peers soak rings mutants vmtest nightly model fmt lint ci

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

build: ## compile everything
	$(GO) build ./...

test: ## run the tests
	$(GO) test ./...

race: ## run the tests under the race detector
	$(GO) test -race ./...

invariants: ## run the tests with assertions on
	$(GO) test -tags invariants ./...

schedules: ## run engine and rings on many schedules, one goroutine at a time, each made of a seed
	$(GO) test -tags yield -count=1 -run Schedules ./engine ./ring

bench: ## run every benchmark once through; compare runs with benchstat
	$(GO) test -run '^$$' -bench . -count 1 ./...

figures: ## print the figures of the design and their bounds; F=engine. selects by prefix
	$(GO) run ./bench/figures $(F)

peers: ## measure the rings beside other queues in Go, C and C++, in about twenty minutes
	cd bench/peers && $(GO) run ./rings

soak: ## random load and trouble for a minute; FOR=8h for as long as that
	$(GO) run ./engine/soak -for $(FOR)

rings: ## move a billion events through rings of all kinds; ITEMS=1e10 for as many as that
	$(GO) run ./ring/soak -items $(ITEMS)

mutants: ## break engine and rings in one place at a time, and see that a test notices
	$(GO) run ./ring/mutants
	$(GO) run ./engine/mutants

vmtest: ## run the tests of probes and affinity under Debian's kernels, in emulated machines
	$(GO) run ./internal/vmtest

nightly: ## long stress, fuzzing, conservation and all figures, into bench/results
	bash bench/nightly.sh

model: ## check the models of the wake-up protocol and of the rings with spin
	bash engine/model/run.sh
	bash ring/model/run.sh

fmt: ## format the Go files
	$(TOOL) gofumpt -w .

lint: ## vet and static analysis
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(GO) test -count=1 ./internal/layers

ci: ## everything a change has to pass; .ci/run test race runs two stages of it
	bash .ci/run
