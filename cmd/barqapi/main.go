// Command barqapi is the stand-in of the BARQ API that the lab's pods run. Flags
// say which release it is; environment variables, named as on the platform,
// configure it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/barq-platform/barqgate/fixtures/lab/barqapi"
	"github.com/barq-platform/barqgate/fixtures/lab/barqapi/logtext"
	"github.com/barq-platform/barqgate/fixtures/lab/barqapi/store"
	"github.com/barq-platform/barqgate/fixtures/lab/fault"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run()) }

func run() int {
	version := flag.String("version", "", "release to be: "+store.Supported)
	faultList := flag.String("faults", "", "comma-separated faults that this release always has")
	drain := flag.Duration("drain", 2*time.Second, "how long to go on serving, not ready, after SIGTERM")
	flag.Parse()
	faults, err := fault.Parse(*faultList)
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "barqapi: %v\n", err)
		return exitUsage
	case *version == "" || flag.NArg() > 0:
		fmt.Fprintf(os.Stderr, "barqapi: found -version=%q and %d arguments; expected a version (%s) and none\n", *version, flag.NArg(), store.Supported)
		return exitUsage
	}
	if os.Getenv("BARQ_LAB_CHILD") == "1" {
		go exitWithParent()
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err = barqapi.Run(ctx, barqapi.Options{Release: *version, Faults: faults, Getenv: os.Getenv, Log: os.Stdout, Drain: *drain})
	if err != nil {
		slog.New(logtext.New(os.Stdout, slog.LevelInfo)).Error("Host terminated unexpectedly", "cause", err.Error())
		return exitFailed
	}
	return 0
}

// exitWithParent ends the process when the lab has gone: it holds the other end
// of standard input and writes nothing.
func exitWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin) // an error means the same as the end
	os.Exit(exitFailed)
}
