package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/seda-go/seda/engine"
)

// request is what travels to the stage. The Reply in it finds the way back to the caller, whatever becomes of the request.
type request struct {
	engine.Reply[answer]
	key   string
	set   bool
	value string // if it is to be set
}

type answer struct {
	entry
	cached bool // it was there
}

// options of a service; the zero value of each but compute is a good default.
type options struct {
	compute func(key string) string // what a key is worth that has not been set
	workers int                     // as in engine.Config
	most    int                     // entries of a shard
	timeout time.Duration           // how long a client may wait
}

// service is an engine of one stage, keyed: its shards run on all workers, and the requests for one key one after the other.
type service struct {
	options
	engine *engine.Engine
	cache  *engine.Stage[request]
}

func newService(o options) *service {
	o.timeout, o.most = cmp.Or(o.timeout, 5*time.Second), cmp.Or(o.most, 1000)
	// Every event comes from a goroutine that waits for its answer: shared workers wake those for less than pinned ones.
	e := engine.New(engine.Config{Name: "cache", Kind: engine.Shared, Workers: o.workers})
	s := &service{options: o, engine: e}
	s.cache = engine.Add(e, engine.StageConfig[request]{
		Name: "cache",
		Key:  func(r request) uint64 { return engine.Hash(r.key) },
		// Nobody waits for room: with 64 requests of a shard in the queue a client does better to come back later. It is refused
		// where it stands, and costs no worker anything: a burst of any size leaves them to their work.
		Capacity: 64, Waiters: -1,
		// Answers leave when a batch is done; where an event takes long, that is after each.
		MaxBatch: 1,
		// A request that its client does not wait for any more is not worked on.
		Deadlines: true,
	})
	shards := engine.NewLocal(s.cache, func() *cache { return newCache(o.most) })
	s.cache.Handle(func(c *engine.Context, r request) error {
		entries := *shards.Get(c)
		v := entries.get(r.key)
		cached := v != nil
		switch {
		case r.set:
			v = entries.set(r.key, r.value)
		case v == nil: // while it is computed others that want it wait behind r, and find it
			v = entries.set(r.key, o.compute(r.key))
		}
		r.Send(c, answer{*v, cached})
		return nil
	})
	return s
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cache/{key}", s.get)
	mux.HandleFunc("PUT /cache/{key}", s.put)
	return mux
}

func (s *service) get(w http.ResponseWriter, r *http.Request) {
	s.do(w, r, request{key: r.PathValue("key")})
}

const maxValue = 64 << 10

func (s *service) put(w http.ResponseWriter, r *http.Request) {
	value, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxValue))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		http.Error(w, "value is too large", http.StatusRequestEntityTooLarge)
		return
	} else if err != nil { // the client has gone, or is too slow
		http.Error(w, "value is incomplete", http.StatusBadRequest)
		return
	}
	s.do(w, r, request{key: r.PathValue("key"), set: true, value: string(value)})
}

// do calls the stage and writes the answer, or why there is none.
func (s *service) do(w http.ResponseWriter, r *http.Request, q request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	v, err := engine.Call(ctx, s.cache, func(re engine.Reply[answer]) request {
		q.Reply = re
		return q
	})
	switch {
	case err == nil:
		w.Header().Set("X-Version", strconv.Itoa(v.version))
		w.Header().Set("X-Cached", strconv.FormatBool(v.cached))
		if !q.set {
			_, _ = io.WriteString(w, v.value)
		}
	case errors.Is(err, engine.ErrRefused), errors.Is(err, engine.ErrClosed):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too busy", http.StatusServiceUnavailable)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, engine.ErrExpired):
		http.Error(w, "took too long", http.StatusGatewayTimeout)
	case errors.Is(err, context.Canceled): // the client has gone
	default: // an error of ours, or a panic: of no use to the client
		slog.Error("request failed", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// stretch hashes the key over and over, about a millisecond's work.
func stretch(key string) string {
	sum := sha256.Sum256([]byte(key))
	for range 10_000 {
		sum = sha256.Sum256(sum[:])
	}
	return hex.EncodeToString(sum[:])
}
