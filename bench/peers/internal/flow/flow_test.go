package flow

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// through is a pipeline without any library.
func through(change func(any)) func(context.Context, *Flow) (float64, error) {
	return func(ctx context.Context, f *Flow) (float64, error) {
		return f.Run(ctx, func(m any) error {
			Pass(m)
			Pass(m)
			change(m)
			f.Arrive(m)
			return nil
		})
	}
}

func TestFlow(t *testing.T) {
	for _, batch := range []int{1, 64} {
		ns, err := InOrder(32, through(func(any) {}))(t.Context(), 1003, batch)
		require.NoError(t, err)
		require.Positive(t, ns)
		_, err = InOrder(32, through(Pass))(t.Context(), 1003, batch)
		require.EqualError(t, err, "1003 of 1003 events out of order")
	}
}

// A window bounds what is under way: with none of it arriving, no more is sent.
func TestWindow(t *testing.T) {
	f := New(1000, 1, 32)
	ctx, cancel := context.WithCancel(t.Context())
	sent := 0
	_, err := f.Run(ctx, func(any) error {
		if sent++; sent == 32 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 32, sent)
}

func TestSendFails(t *testing.T) {
	broken := errors.New("broken")
	_, err := New(10, 1, 32).Run(t.Context(), func(any) error { return broken })
	require.ErrorIs(t, err, broken)
}

func TestTally(t *testing.T) {
	tally := NewTally(3)
	for _, n := range []uint64{4, 2} {
		tally.Arrive(n)
	}
	require.EqualError(t, tally.Check(), "2 of 3 events arrived, 0 of them twice or from nowhere")
	tally.Arrive(3)
	require.NoError(t, tally.Wait(t.Context()))
	require.NoError(t, tally.Check())
	tally.Arrive(3)
	tally.Arrive(0)
	require.EqualError(t, tally.Check(), "5 of 3 events arrived, 2 of them twice or from nowhere")
	tally.Fault(nil)
	tally.Fault(errors.New("closed"))
	require.EqualError(t, tally.Check(), "closed")
}

func TestProgram(t *testing.T) {
	p := InOrder(32, through(func(any) {}))
	for _, c := range []struct {
		args string
		code int
		err  string
	}{
		{"-events 100", 0, ""},
		{"-events 100 -batch 8", 0, ""},
		{"-events 0", 2, "positive"},
		{"other", 2, "no arguments"},
		{"-cpus x", 1, "cpus"},
		{"-what", 2, "-what"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), p, strings.Fields(c.args), &out, &errs), c.args)
		require.Contains(t, errs.String(), c.err)
		if c.code == 0 {
			ns, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
			require.NoError(t, err)
			require.Positive(t, ns)
		}
	}
}
