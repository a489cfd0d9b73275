// Command barqflowable is the lab's stand-in for the process engine as a process of
// its own, the only program of a container image: for labs whose pods do not reach
// the lab's own process. It takes the password of its user from
// BARQ_FLOWABLE_PASSWORD and must never take it from a flag, which other users could
// see.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/barq-platform/barqgate/fixtures/lab/flowable"
)

const (
	exitFailed = 1
	exitUsage  = 2

	passwordVariable = "BARQ_FLOWABLE_PASSWORD"
)

func main() { os.Exit(run()) }

func run() int {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; beyond the loopback interface only as a container's first process")
	user := flag.String("user", "", "who may do everything; required")
	flag.Parse()
	password := os.Getenv(passwordVariable)
	if *user == "" || password == "" || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "barqflowable: found -user=%q, %d arguments and a password of %d characters in %s; expected a user, none, and some\n",
			*user, flag.NArg(), len(password), passwordVariable)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, *listen, *user, password); err != nil {
		fmt.Fprintln(os.Stderr, "barqflowable:", err)
		return exitFailed
	}
	return 0
}

func serve(ctx context.Context, listen, user, password string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	// The first process of a container has its own network.
	if ip := net.ParseIP(host); (ip == nil || !ip.IsLoopback()) && os.Getpid() != 1 {
		return fmt.Errorf("listen on %s: expected a loopback address; only a container's first process may listen on others", listen)
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	engine := flowable.New(flowable.Config{User: user, Password: password, Faults: func(string) bool { return false }})
	web := &http.Server{Handler: engine.Handler(), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = web.Close() }) // Serve says what matters
	fmt.Printf("The stand-in of Flowable listens on %s.\n", listener.Addr())
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
