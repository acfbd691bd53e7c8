// Http is a web service in front of an engine: a cache that computes what it does not have.
//
//	curl localhost:8080/cache/hello           # computed, which takes a while; from then on it is there
//	curl -X PUT -d world localhost:8080/cache/hello
//
// However many clients there are, the work is done by a few workers; what does not fit into the queue is refused at once with 503 and
// Retry-After. Requests for one key are handled one after the other, so that nothing is computed twice, and each shard of keys has a
// map of its own, which needs no lock. A request whose client has stopped waiting is not worked on.
//
// With -debug=/run/cache.sock "sedabench top /run/cache.sock" shows it at work. That is for operators, so not among what clients may ask for.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/debug"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	socket := flag.String("debug", "", "unix socket to show the engine at, such as /run/cache.sock; none if empty")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q; see -help", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	s := newService(options{compute: stretch})
	if *socket != "" {
		shown, err := show(*socket, s.engine)
		if err != nil {
			log.Fatal(err)
		}
		defer shown.Close()
	}
	log.Printf("try http://%v/cache/hello", l.Addr())
	if err := run(ctx, l, s); err != nil {
		log.Fatal(err)
	}
}

// show lets whoever may write to the socket look at the engine, until what it returns is closed.
func show(socket string, e *engine.Engine) (io.Closer, error) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(l, debug.Handler(e)) }() // until l is closed
	return l, nil
}

// grace is how long requests that were begun may take once the program is told to stop.
const grace = 10 * time.Second

// run serves until ctx ends, and returns when every request that was accepted has been answered.
func run(ctx context.Context, l net.Listener, s *service) error {
	// Not with ctx: when that ends the engine is to finish its work, not to drop it.
	if err := s.engine.Start(context.Background()); err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return errors.Join(err, s.engine.Close())
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	// The server first, so that nobody calls any more; then the engine.
	return errors.Join(server.Shutdown(ending), s.engine.Drain(ending))
}
