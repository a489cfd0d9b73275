// Command barqsql is the lab's embedded SQL engine as a process of its own: for
// clients under test, and as the only program of a container image that stands in
// for SQL Server's. It takes the password of sa from MSSQL_SA_PASSWORD, as that
// image does, and must never take it from a flag, which other users could see.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/barq-platform/barqgate/fixtures/lab/sqlserver"
)

const (
	exitFailed = 1
	exitUsage  = 2

	passwordVariable = "MSSQL_SA_PASSWORD"
)

func main() { os.Exit(run()) }

func run() int {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; beyond the loopback interface only as a container's first process")
	dir := flag.String("dir", "", "folder of the data files; required")
	flag.Parse()
	password := os.Getenv(passwordVariable)
	if *dir == "" || password == "" || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "barqsql: found -dir=%q, %d arguments and a password of %d characters in %s; expected a folder, none, and some\n",
			*dir, flag.NArg(), len(password), passwordVariable)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := serve(ctx, *listen, *dir, password); err != nil {
		fmt.Fprintln(os.Stderr, "barqsql:", err)
		return exitFailed
	}
	return 0
}

func serve(ctx context.Context, listen, dir, password string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the data files: %w", err)
	}
	server, err := sqlserver.Start(ctx, sqlserver.Options{
		Dir: dir, SAPassword: password, Addr: listen,
		Contained: os.Getpid() == 1, // the first process of a container, which has its own network
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	fmt.Printf("The embedded engine (not SQL Server) is ready for client connections on %s.\n", server.Addr())
	<-ctx.Done()
	return nil
}
