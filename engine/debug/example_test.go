package debug_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/debug"
)

// exampleEngine is done with one event.
func exampleEngine(ctx context.Context) *engine.Engine {
	e := engine.New(engine.Config{Name: "shop", Kind: engine.Shared, Workers: 1, Log: slog.New(slog.DiscardHandler)})
	orders := engine.Add(e, engine.StageConfig[string]{Name: "orders"})
	orders.Handle(func(*engine.Context, string) error { return nil })
	if err := e.Start(ctx); err != nil {
		fmt.Println(err)
	}
	if err := orders.Submit(ctx, "tea"); err != nil {
		fmt.Println(err)
	}
	if err := e.Drain(ctx); err != nil {
		fmt.Println(err)
	}
	return e
}

// A service mounts the handler beside what else is for operators, at a path that ends in a slash.
func ExampleHandler() {
	e := exampleEngine(context.Background())
	mux := http.NewServeMux()
	mux.Handle("/debug/seda/", debug.Handler(e))
	// go http.ListenAndServe("localhost:6060", mux)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/seda/metrics", nil))
	fmt.Print(regexp.MustCompile(`(?m)^.*seda_stage_completed.*\n`).FindString(w.Body.String()))
	fmt.Print(regexp.MustCompile(`(?m)^seda_stage_completed.*\n`).FindString(w.Body.String()))
	// Output:
	// # HELP seda_stage_completed_events_total Events whose handler returned without error.
	// seda_stage_completed_events_total{engine="shop",stage="orders"} 1
}

// A unix socket is for whoever may write to it, and no port of the machine. "sedabench top /run/shop.sock" connects to it, and so does
// "curl --unix-socket /run/shop.sock http://shop/stats".
func ExampleHandler_unixSocket() {
	e := exampleEngine(context.Background())
	directory, err := os.MkdirTemp("", "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	socket := filepath.Join(directory, "shop.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() { _ = http.Serve(l, debug.Handler(e)) }() // until l is closed

	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	res, err := client.Get("http://shop/stats")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	stats, err := io.ReadAll(res.Body)
	fmt.Println(res.Header.Get("Content-Type"), strings.HasPrefix(string(stats), `{"schema":"seda-debug/1","engine":"shop",`), err)
	// Output: application/json true <nil>
}
