package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/probes"
)

func TestDoctorOutput(t *testing.T) {
	refuses := func(why probes.Reason) func(probes.Metrics) (probes.Source, error) {
		return func(probes.Metrics) (probes.Source, error) { return nil, fmt.Errorf("source: %w", why) }
	}
	source := probes.Climb(
		probes.Step{Offers: probes.MetricsOf(probes.OnCPU, probes.Stages), Open: refuses(probes.NoCapBPF)},
		probes.Step{Offers: probes.MetricsOf(probes.Cycles), Open: refuses(probes.NoPMU)},
	)
	var text strings.Builder
	facts := probes.Facts{Major: 6, Minor: 1, Lockdown: "none", Paranoid: 2, BTF: true}
	require.NoError(t, writeDoctor(&text, facts, source))
	golden(t, "doctor.golden", text.String())
	text.Reset()
	require.NoError(t, writeDoctorJSON(&text, facts, source))
	golden(t, "doctor-json.golden", text.String())
}

func TestDoctorOfThisMachine(t *testing.T) {
	code, out, errs := sedabench(t, "doctor")
	require.Equal(t, exitOK, code, errs)
	for m := probes.OnCPU; m <= probes.Stalled; m++ {
		require.Regexp(t, "(?m)^"+m.String()+" +(none: .+|proc|perf|bpf)$", out)
	}
	code, out, _ = sedabench(t, "doctor", "-o", "json")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, `"schema": "`+doctorSchema+`"`)
	code, out, _ = sedabench(t, "doctor", "--help")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "usage: sedabench doctor")
	code, _, _ = sedabench(t, "doctor", "--pain")
	require.Equal(t, exitUsage, code)
}
