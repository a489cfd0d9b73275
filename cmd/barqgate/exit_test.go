package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/barq-platform/barqgate/fixtures/barq/release"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/phases"
)

type exitCase struct {
	err  error
	want run.ExitCode
}

func exitCases() map[string]exitCase {
	return map[string]exitCase{
		"typed wrong":     {usage("no"), run.Usage},
		"unknown release": {fmt.Errorf("plan: %w", release.ErrUnknown), run.Usage},
		"unknown phase":   {phases.ErrUnknownPhase, run.Usage},
		"nothing to do":   {phases.ErrAlreadyRunning, run.Usage},
		"reserved":        {fmt.Errorf("deploy: %w", kube.ErrReserved), run.Held},
		"does not build":  {gotest.ErrBuild, run.HarnessError},
		"anything else":   {errors.New("the cluster is away"), run.HarnessError},
	}
}

// exits runs a command and compares its exit status with the first argument.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits <status> <command> [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d; expected %d", got, want)
	}
}
