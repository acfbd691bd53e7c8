package main

import (
	"testing"

	"github.com/seda-go/seda/bench/peers/internal/flow"
	"github.com/seda-go/seda/bench/peers/internal/flowtest"
)

func TestConserve(t *testing.T) { flowtest.Conserve(t, flow.InOrder(window, maps)) }
