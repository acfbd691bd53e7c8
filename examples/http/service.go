package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/seda-go/seda/engine"
)

// request is what travels through the stages. The Reply in it finds the way back to the caller, whatever becomes of the request.
type request struct {
	engine.Reply[response]
	text string
}

type response struct {
	status int
	body   string
}

var (
	errNoText  = errors.New("text is missing")
	errTooLong = errors.New("text is longer than 1000 bytes")
)

// service is a graph of three stages:
//
//	check --> work
//	    \     /
//	     sorry        takes what failed
type service struct {
	engine *engine.Engine
	check  *engine.Stage[request]
}

func newService(digest func(text string) string) *service {
	// Every event comes from a goroutine that waits for its answer: shared workers wake those for less than pinned ones.
	e := engine.New(engine.Config{Name: "digest", Kind: engine.Shared})
	// Nobody waits for room: with the queue full a client does better to come back later.
	check := engine.Add(e, engine.StageConfig[request]{Name: "check", Capacity: 64, Waiters: -1})
	// Answers leave when a batch is done; where an event takes long, that is after each.
	work := engine.Add(e, engine.StageConfig[request]{Name: "work", Capacity: 16, MaxBatch: 1})
	sorry := engine.Add(e, engine.StageConfig[engine.Failed[request]]{Name: "sorry"})
	toWork := engine.Connect(check, work)
	engine.OnFailure(check, sorry)
	engine.OnFailure(work, sorry)

	check.Handle(func(c *engine.Context, r request) error {
		switch {
		case r.text == "":
			return errNoText
		case len(r.text) > 1000:
			return errTooLong
		}
		toWork.Emit(c, r)
		return nil
	})
	work.Handle(func(c *engine.Context, r request) error {
		r.Send(c, response{http.StatusOK, digest(r.text)})
		return nil
	})
	sorry.Handle(func(c *engine.Context, f engine.Failed[request]) error {
		f.Event.Send(c, apology(f.Err))
		return nil
	})
	return &service{engine: e, check: check}
}

// apology is the answer to a request that failed.
func apology(err error) response {
	switch {
	case errors.Is(err, errNoText), errors.Is(err, errTooLong):
		return response{http.StatusBadRequest, err.Error()}
	default: // an error of ours, or a panic: of no use to the client
		slog.Error("request failed", "err", err)
		return response{http.StatusInternalServerError, "internal error"}
	}
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /digest", s.digest)
	return mux
}

// timeout bounds how long a client waits.
const timeout = 5 * time.Second

func (s *service) digest(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	answer, err := engine.Call(ctx, s.check, func(re engine.Reply[response]) request {
		return request{re, r.FormValue("text")}
	})
	switch {
	case err == nil:
		w.WriteHeader(answer.status)
		_, _ = w.Write([]byte(answer.body + "\n"))
	case errors.Is(err, engine.ErrRefused), errors.Is(err, engine.ErrClosed):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too busy", http.StatusServiceUnavailable)
	case errors.Is(err, context.DeadlineExceeded):
		http.Error(w, "took too long", http.StatusGatewayTimeout)
	case errors.Is(err, context.Canceled): // the client has gone
	default:
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// stretch hashes text over and over, about a millisecond's work.
func stretch(text string) string {
	sum := sha256.Sum256([]byte(text))
	for range 10_000 {
		sum = sha256.Sum256(sum[:])
	}
	return hex.EncodeToString(sum[:])
}
