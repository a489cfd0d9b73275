// Command barqlab is the lab: it starts one, is one, shows one and stops one. It
// must never do more than read flags and print; see package lab.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "barqlab:", err)
	if errors.As(err, new(failure)) {
		os.Exit(exitFailed)
	}
	os.Exit(exitUsage)
}
