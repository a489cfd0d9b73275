// Command barqgate deploys a release of the BARQ platform by its runbook, step by
// step, with a gate of suites behind every phase, and takes back what did not
// pass. It holds flags, signals and exit codes; what is done stands in package
// phases, and how a plan is executed in harness/run.
//
// It must never exit with 0 unless everything asked for was done and judged.
package main

import (
	"os"

	"github.com/barq-platform/barqgate/harness/run"
)

func main() { os.Exit(int(execute(os.Args[1:]))) }

// execute runs one command line and returns the exit status. Tests call it in a
// process of its own.
func execute(args []string) run.ExitCode {
	sig := catchInterrupts()
	defer sig.release()
	app := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, interrupts: sig}
	root := app.command()
	root.SetArgs(doubleDashes(args))
	err := root.ExecuteContext(sig.ctx)
	return app.conclude(err)
}
