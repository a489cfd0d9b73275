package gotest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/procgroup"
)

// Names of the files that every execution leaves in its evidence folder.
const (
	outputFile = "output.log"
	eventsFile = "events.jsonl"
)

// dumpTime is how long a hung process gets to print its goroutines.
const dumpTime = 2 * time.Second

// process is a suite's process with the one that turns its output into events.
type process struct {
	binary     Binary
	options    Options
	started    time.Time
	suite      *exec.Cmd
	converter  *exec.Cmd
	transcript *transcript
	exited     chan struct{} // the suite has ended
	streamed   chan error    // what reading the events came to
}

// start begins the execution. Output flows through kernel pipes from the suite
// to the converter, so that no amount of it can block anything here.
func (b Binary) start(o Options) (*process, error) {
	evidence, err := filepath.Abs(o.Evidence)
	if err != nil || o.Evidence == "" {
		return nil, errors.Join(errors.New("it has no evidence folder"), err)
	}
	if err := os.MkdirAll(evidence, 0o755); err != nil {
		return nil, fmt.Errorf("create its evidence folder: %w", err)
	}
	if sum, err := hashFile(b.Path); err != nil || sum != b.SHA256 {
		return nil, errors.Join(fmt.Errorf("its binary %s is not the one that was built for this run", b.Path), err)
	}
	p := &process{binary: b, options: o, started: time.Now(), transcript: newTranscript(), exited: make(chan struct{}), streamed: make(chan error, 1)}
	p.suite = exec.Command(b.Path, b.arguments(o, evidence)...)
	p.suite.Dir = b.Dir
	p.suite.Env = append(os.Environ(), o.Environ...)
	procgroup.Own(p.suite)
	p.converter = exec.Command(b.converter, "-t", "-p", b.Suite)
	procgroup.Own(p.converter)
	return p, p.run(evidence)
}

func (b Binary) arguments(o Options, evidence string) []string {
	args := []string{
		"-test.v=test2json", "-test.paniconexit0",
		// Only for the case that nobody is left to enforce the deadline.
		fmt.Sprintf("-test.timeout=%s", o.Timeout+2*o.Grace+dumpTime),
		"-env=" + o.Env, "-evidence=" + evidence,
	}
	if o.Facts != "" {
		facts, err := filepath.Abs(o.Facts)
		if err != nil {
			facts = o.Facts // the suite then says that it cannot read it
		}
		args = append(args, "-facts="+facts)
	}
	return append(args, o.Args...)
}

// run starts both processes and the goroutines that wait for them.
func (p *process) run(evidence string) (err error) {
	log, err := os.Create(filepath.Join(evidence, outputFile))
	if err != nil {
		return fmt.Errorf("store its output: %w", err)
	}
	events, err := os.Create(filepath.Join(evidence, eventsFile))
	if err != nil {
		return errors.Join(fmt.Errorf("store its test events: %w", err), log.Close())
	}
	stream, err := p.launch()
	if err != nil {
		return errors.Join(err, log.Close(), events.Close())
	}
	go func() {
		err := p.transcript.read(stream, sinks{raw: events, log: log, watch: p.options.Watch})
		p.streamed <- errors.Join(err, log.Close(), events.Close())
	}()
	go func() {
		defer close(p.exited)
		_ = p.suite.Wait() // the status is read from ProcessState
	}()
	return nil
}

// launch starts converter and suite, joined by a pipe, and returns the events.
func (p *process) launch() (io.Reader, error) {
	output, input, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start it: %w", err)
	}
	defer output.Close()
	defer input.Close() // the suite has its own copy; ours would keep the stream open
	p.converter.Stdin = output
	p.suite.Stdout, p.suite.Stderr = input, input
	stream, err := p.converter.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start it: %w", err)
	}
	if err := p.converter.Start(); err != nil {
		return nil, fmt.Errorf("start test2json: %w", err)
	}
	if err := p.suite.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start it: %w", err), procgroup.Kill(p.converter.Process.Pid), ignoreExit(p.converter.Wait()))
	}
	return stream, nil
}

func ignoreExit(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}

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
	failure = errors.Join(failure, procgroup.Kill(p.suite.Process.Pid), p.drain())
	x := execution{
		inventory: p.binary.Tests, policy: p.options.Policy, evidence: p.options.Evidence,
		timeout: p.options.Timeout, ending: how, failure: failure, transcript: p.transcript, exit: -1, status: "no exit status",
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
	var late error
	var streamed error
	select {
	case streamed = <-p.streamed:
	case <-timer.C:
		late = errors.Join(errors.New("something that it started outlives it and holds its output"), procgroup.Kill(p.converter.Process.Pid))
		streamed = <-p.streamed
	}
	if err := p.converter.Wait(); err != nil && late == nil {
		late = fmt.Errorf("test2json, which reads its output, failed: %w", err)
	}
	return errors.Join(late, streamed)
}

func (p *process) result(x execution) Result {
	r := p.binary.blank(p.options, p.started)
	r.Verdict, r.Reason = x.judge()
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
func (b Binary) blank(o Options, started time.Time) Result {
	return Result{
		Suite: b.Suite, Evidence: o.Evidence, Output: filepath.Join(o.Evidence, outputFile), Events: filepath.Join(o.Evidence, eventsFile),
		Command: b.command(o), Started: started, Duration: time.Since(started),
	}
}

// command is what a person types to run the suite again as it was run here.
func (b Binary) command(o Options) string {
	words := []string{"go", "test", "-count=1", "-v", "./" + filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(b.Dir)), b.Suite)), "-env=" + o.Env}
	if o.Facts != "" {
		words = append(words, "-facts="+o.Facts)
	}
	return strings.Join(words, " ")
}
