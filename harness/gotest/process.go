package gotest

import (
	"context"
	"errors"
	"fmt"

	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/procgroup"
	"github.com/barq-platform/barqgate/harness/suite"
)

// Names of the files that every execution leaves in its evidence folder.
const (
	outputFile = "output.log"
	eventsFile = "events.jsonl"
)

// dumpTime is how long a hung process gets to print its goroutines.
const dumpTime = 2 * time.Second

// process is a suite's process, with the one that turns the output of a binary
// into events.
type process struct {
	executable Executable
	options    Options
	started    time.Time
	suite      *exec.Cmd // the test binary, or go test
	converter  *exec.Cmd // nil for go test
	recorder   *recorder
	stream     *os.File      // the events
	notes      *os.File      // what is said beside them
	lifeline   *os.File      // the suite ends when nobody holds it any more
	exited     chan struct{} // the suite has ended
	streamed   chan error    // what reading the events came to
}

// start begins the execution. Output flows through kernel pipes, so that no
// amount of it can block anything here.
func (e Executable) start(o Options) (*process, error) {
	evidence, err := filepath.Abs(o.Evidence)
	if err != nil || o.Evidence == "" {
		return nil, errors.Join(errors.New("it has no evidence folder"), err)
	}
	if err := os.MkdirAll(evidence, 0o755); err != nil {
		return nil, fmt.Errorf("create its evidence folder: %w", err)
	}
	if err := e.unchanged(); err != nil {
		return nil, err
	}
	p := &process{executable: e, options: o, started: time.Now(), exited: make(chan struct{}), streamed: make(chan error, 1)}
	if e.Path == "" {
		p.suite = exec.Command("go", e.goTest(o, evidence)...)
		p.suite.Dir = e.root
	} else {
		p.suite = exec.Command(e.Path, append([]string{"-test.v=test2json", "-test.paniconexit0", e.lastResort(o, "-test.timeout")}, o.arguments(evidence)...)...)
		p.suite.Dir = e.Dir
		p.converter = exec.Command(e.Converter, "-t", "-p", e.Suite)
		procgroup.Own(p.converter)
	}
	p.suite.Env = append(os.Environ(), o.Environ...)
	procgroup.Own(p.suite)
	return p, p.run(evidence)
}

// unchanged refuses to run what is not what the plan was made with.
func (e Executable) unchanged() error {
	if e.Path == "" {
		if sum, err := hashSources(e.Dir); err != nil || sum != e.SHA256 {
			return errors.Join(fmt.Errorf("its sources in %s have changed since the plan was made", e.Dir), err)
		}
		return nil
	}
	// To read a binary of 10 MB for each of its executions would take longer than all
	// the rest. Whoever replaces it or writes to it changes what is compared here.
	if now, err := os.Stat(e.Path); err == nil && e.built != nil && os.SameFile(now, e.built) && now.Size() == e.built.Size() && now.ModTime().Equal(e.built.ModTime()) {
		return nil
	}
	if sum, err := hashFile(e.Path); err != nil || sum != e.SHA256 {
		return errors.Join(fmt.Errorf("its binary %s is not the one that was built for this run", e.Path), err)
	}
	return nil
}

// goTest is what runs the suite from its sources. -count=1 keeps the go command
// from showing an earlier result.
func (e Executable) goTest(o Options, evidence string) []string {
	flags := []string{"test", "-json", "-count=1", e.lastResort(o, "-timeout")}
	return slices.Concat(flags, e.build, []string{e.pkg(), "-args"}, o.arguments(evidence))
}

// lastResort is a deadline for the case that nobody is left to enforce ours.
func (e Executable) lastResort(o Options, flag string) string {
	return fmt.Sprintf("%s=%s", flag, o.Timeout+2*o.Grace+dumpTime)
}

// arguments are those of the suite itself.
func (o Options) arguments(evidence string) []string {
	args := []string{"-env=" + o.Env, "-evidence=" + evidence}
	if o.Facts != "" {
		facts, err := filepath.Abs(o.Facts)
		if err != nil {
			facts = o.Facts // the suite then says that it cannot read it
		}
		args = append(args, "-facts="+facts)
	}
	return append(args, o.Args...)
}

// run starts the processes and the goroutines that wait for them.
func (p *process) run(evidence string) (err error) {
	log, err := createStore(filepath.Join(evidence, outputFile), "its output", leftOutOfLog)
	if err != nil {
		return err
	}
	events, err := createStore(filepath.Join(evidence, eventsFile), "its test events", leftOutOfEvents)
	if err != nil {
		return errors.Join(err, log.close())
	}
	p.recorder = newRecorder(p.options.Redactor, events, log)
	p.recorder.watch = p.options.Watch
	if err := p.launch(); err != nil {
		return errors.Join(err, p.recorder.close())
	}
	noted := make(chan error, 1)
	go func() { noted <- p.recorder.notes(p.notes) }()
	go func() {
		err := p.recorder.read(p.stream)
		p.streamed <- errors.Join(err, <-noted, p.recorder.close(), p.closeStreams())
	}()
	go func() {
		defer close(p.exited)
		_ = p.suite.Wait() // the status is read from ProcessState
	}()
	return nil
}

// launch starts what has to run. The processes have the writing ends of the pipes
// for themselves; ours would keep the streams open.
func (p *process) launch() error {
	stream, events, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start it: %w", err)
	}
	defer events.Close()
	notes, messages, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("start it: %w", err), stream.Close())
	}
	defer messages.Close()
	alive, lifeline, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("start it: %w", err), stream.Close(), notes.Close())
	}
	defer alive.Close()
	p.stream, p.notes, p.lifeline = stream, notes, lifeline
	p.suite.ExtraFiles = []*os.File{alive} // descriptor 3, behind the three of every process
	p.suite.Env = append(p.suite.Env, suite.LifelineVariable+"=3")
	if p.converter != nil {
		err = p.launchConverted(events, messages)
	} else {
		p.suite.Stdout, p.suite.Stderr = events, messages
		err = p.suite.Start()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("start it: %w", err), p.closeStreams(), lifeline.Close())
	}
	return nil
}

// launchConverted starts the converter, and the suite whose output it reads.
func (p *process) launchConverted(events, messages *os.File) error {
	output, input, err := os.Pipe()
	if err != nil {
		return err
	}
	defer output.Close()
	defer input.Close()
	p.suite.Stdout, p.suite.Stderr = input, input
	p.converter.Stdin, p.converter.Stdout, p.converter.Stderr = output, events, messages
	if err := p.converter.Start(); err != nil {
		return fmt.Errorf("test2json: %w", err)
	}
	if err := p.suite.Start(); err != nil {
		return errors.Join(err, procgroup.Kill(p.converter.Process.Pid), ignoreExit(p.converter.Wait()))
	}
	return nil
}

func ignoreExit(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}

func (p *process) closeStreams() error { return errors.Join(p.stream.Close(), p.notes.Close()) }

// wait returns once the suite has ended, by itself or because its deadline has
// passed or ctx is done.
func (p *process) wait(ctx context.Context, deadline <-chan time.Time) (ending, error) {
	select {
	case <-p.exited:
		return byItself, nil
	default:
	}
	select {
	case <-p.exited:
		return byItself, nil
	case <-deadline:
		return late, p.stop(true)
	case <-ctx.Done():
		return cancelled, p.stop(false)
	}
}

// stop ends the suite's whole group: goroutine dump if wanted, then a request,
// then force.
func (p *process) stop(withDump bool) error {
	pid := p.suite.Process.Pid
	steps := []struct {
		signal   func(int) error
		patience time.Duration
	}{{procgroup.Ask, p.options.Grace}, {procgroup.Kill, p.options.Grace}}
	if withDump {
		if err := procgroup.Dump(pid); err != nil {
			return fmt.Errorf("ask its process for a goroutine dump: %w", err)
		}
		p.exitedWithin(dumpTime)
	}
	for _, step := range steps {
		if err := step.signal(pid); err != nil {
			return fmt.Errorf("end its process group %d: %w", pid, err)
		}
		if p.exitedWithin(step.patience) {
			return nil
		}
	}
	return fmt.Errorf("its process group %d did not end although it was killed", pid)
}

func (p *process) exitedWithin(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	case <-timer.C:
		return false
	}
}

// finish collects the events after the suite has ended and judges.
func (p *process) finish(how ending, failure error) Result {
	// What the suite has left running would go on changing things, and may hold
	// the pipe open.
	failure = errors.Join(failure, procgroup.Kill(p.suite.Process.Pid), p.drain(), p.lifeline.Close())
	x := execution{
		inventory: p.executable.Tests, policy: p.options.Policy, evidence: p.options.Evidence,
		timeout: p.options.Timeout, ending: how, failure: failure, transcript: p.recorder.transcript, exit: -1, status: "no exit status",
	}
	if state := p.suite.ProcessState; state != nil {
		x.exit, x.status = state.ExitCode(), state.String()
	}
	return p.result(x)
}

// drain waits for the end of the event stream and of the converter.
func (p *process) drain() error {
	timer := time.NewTimer(p.options.Grace)
	defer timer.Stop()
	var late, streamed error
	select {
	case streamed = <-p.streamed:
	case <-timer.C:
		late = errors.Join(errors.New("something that it started outlives it and holds its output"), p.cutStream())
		streamed = <-p.streamed
	}
	if p.converter == nil {
		return errors.Join(late, streamed)
	}
	if err := p.converter.Wait(); err != nil && late == nil {
		late = fmt.Errorf("test2json, which reads its output, failed: %w", err)
	}
	return errors.Join(late, streamed)
}

// cutStream ends the stream although somebody could still write to it.
func (p *process) cutStream() error {
	if p.converter != nil {
		return procgroup.Kill(p.converter.Process.Pid)
	}
	return p.closeStreams()
}

func (p *process) result(x execution) Result {
	r := p.executable.blank(p.options, p.started)
	r.Verdict, r.Reason = x.judge()
	r.Process = x.account()
	for _, j := range x.transcript.records {
		r.Criteria = append(r.Criteria, j.record)
		if test, ok := x.transcript.byName[j.test]; ok {
			test.Criterion = j.record.Criterion
		}
	}
	r.Tests = x.transcript.result()
	return r
}

// blank is a result that has not been judged yet.
func (e Executable) blank(o Options, started time.Time) Result {
	return Result{
		Suite: e.Suite, Evidence: o.Evidence, Output: filepath.Join(o.Evidence, outputFile), Events: filepath.Join(o.Evidence, eventsFile),
		Command: e.command(o), Started: started, Duration: time.Since(started),
	}
}

// command is what a person types to run the suite again as it was run here.
func (e Executable) command(o Options) string {
	words := slices.Concat([]string{"go", "test", "-count=1", "-v"}, e.build,
		[]string{"./" + filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(e.Dir)), e.Suite)), "-env=" + o.Env})
	if o.Facts != "" {
		words = append(words, "-facts="+o.Facts)
	}
	return strings.Join(words, " ")
}
