package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/report"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/phases"
)

// job is a plan to execute, with what a person types to go on from it.
type job struct {
	root     string // the module's root
	plan     *plan.Plan
	retry    string // starts the same again
	origin   json.RawMessage
	approval string          // how a person has agreed to it; "": nobody was asked
	run      string          // id of the run to go on with; "": a new one
	attested map[string]bool // a person's word on its steps
	how      execution
	told     bool // people are told of it although it changes nothing
}

// execution says how the suites are run; its zero value is how a gate runs them.
type execution struct {
	source  bool // by go test from their sources
	race    bool // with the race detector, and so from their sources
	timeout time.Duration
}

// execute runs a plan, or goes on with its run, with everybody watching, writes
// its report, and keeps its exit code.
func (a *app) execute(ctx context.Context, j job) (err error) {
	root, p := j.root, j.plan
	existing, err := workspace(root).List()
	if err != nil {
		return err
	}
	if err := p.Validate(existing); err != nil {
		return err
	}
	drill, err := readDrill(p.Env)
	if err != nil {
		return err
	}
	id, do := j.run, run.Resume
	if id == "" {
		do = run.Execute
		if id, err = newRunID(folder(root, "runs"), time.Now()); err != nil {
			return err
		}
	}
	reserved, err := a.reserve(ctx, p, id)
	if err != nil {
		return err
	}
	defer reserved.release(&err)
	built, err := a.prepare(ctx, root, suitesOf(p), j.how)
	if err != nil {
		return err
	}
	live := report.NewLive(os.Stderr)
	config := run.Config{
		Plan: p, Root: root, Run: id, Dir: folder(root, "runs", id), Suites: built, Watcher: live,
		Abort:           a.interrupts.abort,
		RollbackTimeout: phases.RollbackTimeout, Stall: p.Env.Run.StallAfter(),
		RetryCommand: j.retry, Origin: j.origin, Approval: j.approval, Attested: j.attested, Versions: versions(),
		Fence: reserved.fence, SuiteTimeout: cmp.Or(j.how.timeout, p.Env.Run.Suite),
	}
	if changes(p) && len(j.origin)+len(j.run) > 0 { // a watch is begun anew
		config.ResumeCommand = resumeCommandOf(id)
	}
	if config.Teller, err = tellerFor(p, j.told); err != nil {
		return err
	}
	drill.apply(&config)
	outcome, err := do(ctx, config)
	live.Close()
	a.exit, a.ran = outcome.Exit, true
	if outcome.Digest == "" {
		return err // it did not get as far as a journal
	}
	err = errors.Join(err, a.show(outcome.Dir), a.bundle(outcome.Dir))
	if errors.Is(err, run.ErrUnrecorded) {
		a.tell(outcome, p.Env.Contacts)
	}
	return err
}

// versions says what this barqgate is and what it was built with.
func versions() map[string]string {
	found := map[string]string{"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return found
	}
	found["barqgate"] = info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" || setting.Key == "vcs.modified" {
			found[setting.Key] = setting.Value
		}
	}
	for _, dep := range info.Deps {
		found[dep.Path] = dep.Version
	}
	return found
}

// tell says how a run ended of which no report can say it.
func (a *app) tell(o run.Outcome, contacts environment.Contacts) {
	say := func(title string, lines []string) {
		for _, line := range lines {
			_, _ = fmt.Fprintf(a.err, "  %-9s %s\n", title, line)
		}
	}
	_, _ = fmt.Fprintf(a.err, "%s (exit %d): %s\n", o.Exit, int(o.Exit), o.Exit.Meaning())
	say("done", o.Done)
	say("not done", o.Open)
	say("unknown", o.Unknown)
	say("next", o.Next)
	say("call", announce.Calls(contacts))
}

// prepare makes the suites ready to be run in the wanted way.
func (a *app) prepare(ctx context.Context, root string, suites []string, how execution) (gotest.Set, error) {
	if !how.source && !how.race {
		return a.build(ctx, root, suites)
	}
	w := workspace(root)
	w.Race = how.race
	return w.Sources(ctx, suites, func(text string) { _, _ = fmt.Fprintln(a.err, text) })
}

// build compiles the suites for gates.
func (a *app) build(ctx context.Context, root string, suites []string) (gotest.Set, error) {
	return workspace(root).Build(ctx, suites, func(text string) { _, _ = fmt.Fprintln(a.err, text) })
}

// prebuiltFolder holds compiled suites where there is no Go toolchain.
const prebuiltFolder = "prebuilt"

func workspace(root string) gotest.Workspace {
	w := gotest.Workspace{Root: root, Suites: "suites", Bin: folder(root, "bin", "suites")}
	if compiled := filepath.Join(root, prebuiltFolder); isFolder(compiled) {
		w.Prebuilt = compiled
	}
	return w
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// suitesOf lists every suite that a plan names, once.
func suitesOf(p *plan.Plan) []string {
	names := slices.Clone(p.RollbackGate.Suites)
	for _, phase := range p.Phases {
		names = append(append(names, phase.Companions...), phase.Gate.Suites...)
		for _, step := range phase.Steps {
			names = append(names, plan.SuitesOf(step)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// show writes the report of a run to its folder, and its summary to the standard
// output and to where the pipeline wants it.
func (a *app) show(dir string) error {
	r, err := report.Load(dir)
	if err != nil {
		return err
	}
	_, err = r.Write()
	// A report that cannot be stored is still shown.
	return errors.Join(a.print(r), err, stepSummary(r), a.annotate(r))
}

func (a *app) print(r *report.Report) error {
	if a.output == outputJSON {
		return r.JSON(a.out)
	}
	return r.Screen(a.out, report.StyleOf(os.Stdout))
}
