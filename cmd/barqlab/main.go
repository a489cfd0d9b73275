// Command barqlab is the lab: it starts one, is one, shows one and stops one. It
// must never hold more than the process's edge; see package lab.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/barq-platform/barqgate/cmd/internal/labcommand"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	command := labcommand.New("barqlab")
	command.SilenceErrors = true
	err := command.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "barqlab:", err)
		os.Exit(1)
	}
}
