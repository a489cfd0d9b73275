// Package audit goes through what a run has left, long after it and on another
// machine: is it what was written, and do its verdicts follow from it?
//
// It must never change what it looks at, and it must never take a thing for
// verified that no record vouches for.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/report"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Result is what an audit has found.
type Result struct {
	Run      string   `json:"run"`
	Digest   string   `json:"journalDigest"`
	Records  int      `json:"records"`
	Files    int      `json:"files"`    // that a record vouches for
	Suites   int      `json:"suites"`   // judged again
	Reports  int      `json:"reports"`  // made again
	Finished bool     `json:"finished"` // the run has ended
	Problems []string `json:"problems"`
}

// Sound reports whether everything is as it was written and follows from it. A run
// that has not ended is not sound: nothing vouches for what it was at.
func (r Result) Sound() bool { return r.Finished && len(r.Problems) == 0 }

// lockFile is the journal's, which is empty.
const lockFile = journal.FileName + ".lock"

// Verify audits the run in the folder.
func Verify(dir string) (Result, error) {
	a := &audit{dir: dir, vouched: map[string]vouched{}}
	chain, err := journal.Replay(dir)
	if errors.Is(err, journal.ErrBroken) {
		a.problem("%v", err)
		return a.Result, nil
	}
	if err != nil {
		return a.Result, err
	}
	if err := a.records(chain); err != nil {
		return a.Result, err
	}
	if err := a.files(); err != nil {
		return a.Result, err
	}
	a.verdicts()
	a.reports()
	return a.Result, nil
}

type audit struct {
	Result
	dir     string
	begun   event.RunStarted
	vouched map[string]vouched
	suites  []judged
	gates   []decided
}

// vouched is a file and the record that vouches for it.
type vouched struct {
	event.File
	seq int
}

// judged is an execution of a suite, with what was recorded of it.
type judged struct {
	seq      int
	started  event.SuiteStarted
	criteria []suite.Record
	finished event.SuiteFinished
}

// decided is a gate's decision with the executions of each suite before it.
type decided struct {
	seq    int
	gate   event.GateDecided
	suites map[string][]gotest.Result // as they were recorded, in order
	ended  map[string]time.Time       // when the latest of them had ended
}

// last is the verdict of the latest execution of the suite, which decides.
func (d decided) last(suite string) (v verdict.Verdict, ran bool) {
	if results := d.suites[suite]; len(results) > 0 {
		return results[len(results)-1].Verdict, true
	}
	return verdict.Unset, false
}

func (a *audit) problem(format string, args ...any) {
	a.Problems = append(a.Problems, fmt.Sprintf(format, args...))
}

// records reads what the journal says.
func (a *audit) records(chain journal.Chain) error {
	a.Digest, a.Records = chain.Digest, len(chain.Records)
	running := map[string]*judged{}
	open := map[string]*decided{} // gates by phase
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		if err != nil {
			return err
		}
		for _, file := range event.Files(e) {
			a.vouched[file.Path] = vouched{File: file, seq: record.Seq}
		}
		a.Finished = false
		switch e := e.(type) {
		case event.RunStarted:
			a.begun, a.Run = e, e.Run
			a.beginning(record.Seq, e)
		case event.SuiteStarted:
			running[e.Instance] = &judged{started: e}
		case event.CriterionJudged:
			if s := running[e.Instance]; s != nil {
				s.criteria = append(s.criteria, e.Record)
			}
		case event.SuiteFinished:
			s := running[e.Instance]
			if s == nil {
				a.problem("record %d: suite %s ended without having started", record.Seq, e.Instance)
				continue
			}
			s.seq, s.finished = record.Seq, e
			a.suites = append(a.suites, *s)
			gate := open[s.started.Phase]
			if gate == nil {
				gate = &decided{suites: map[string][]gotest.Result{}, ended: map[string]time.Time{}}
				open[s.started.Phase] = gate
			}
			gate.suites[e.Suite] = append(gate.suites[e.Suite], gotest.Result{Suite: e.Suite, Verdict: e.Verdict, Criteria: s.criteria})
			gate.ended[e.Suite] = record.Time
		case event.GateDecided:
			gate := decided{seq: record.Seq, gate: e}
			if heard := open[e.Phase]; heard != nil {
				gate.suites, gate.ended = heard.suites, heard.ended
			}
			a.gates = append(a.gates, gate)
			delete(open, e.Phase)
		case event.RunFinished:
			a.Finished = true
			a.end(record.Seq, e)
		}
	}
	if chain.Torn {
		a.problem("half a record was written behind record %d: its process died there", a.Records)
	}
	if !a.Finished {
		a.problem("the run has not ended: go on with it (barqgate resume %s), or take it for what its journal says", a.Run)
	}
	return nil
}

// beginning compares the digests of the first record with what they stand for.
func (a *audit) beginning(seq int, e event.RunStarted) {
	if data, err := json.Marshal(e.Plan); err != nil || digest(data) != e.PlanDigest {
		a.problem("record %d: the plan in it does not have the digest %s that it names", seq, e.PlanDigest)
	}
	for _, file := range e.Files {
		if file.Path == "environment.json" && file.SHA256 != e.EnvironmentDigest {
			a.problem("record %d: environment.json does not have the digest of the environment, %s", seq, e.EnvironmentDigest)
		}
	}
}

// end compares how the run ended with what its gates decided.
func (a *audit) end(seq int, e event.RunFinished) {
	if e.Exit != 0 {
		return
	}
	last := map[string]verdict.Verdict{}
	for _, g := range a.gates {
		last[g.gate.Phase] = g.gate.Verdict
	}
	for _, phase := range a.begun.Plan.Phases {
		if !last[phase.Name].Passed() {
			a.problem("record %d: the run is said to have ended well, but the gate of phase %q did not pass", seq, phase.Name)
		}
	}
}

// files compares the folder with what the records vouch for.
func (a *audit) files() error {
	found := map[string]bool{}
	err := filepath.WalkDir(a.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(a.dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(relative)
		found[name] = true
		return a.file(name, path)
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", a.dir, err)
	}
	for _, name := range slices.Sorted(maps.Keys(a.vouched)) {
		if !found[name] {
			a.problem("%s is missing; record %d vouches for it", name, a.vouched[name].seq)
		}
	}
	return nil
}

func (a *audit) file(name, path string) error {
	v, ok := a.vouched[name]
	switch {
	case name == journal.FileName || slices.Contains(report.FileNames(), name):
		return nil // one was replayed, the others are made again
	case name == lockFile:
		if info, err := os.Stat(path); err != nil || info.Size() != 0 {
			a.problem("%s is not empty", name)
		}
		return nil
	case !ok:
		a.problem("%s: no record vouches for it", name)
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	a.Files++
	if int64(len(data)) != v.Bytes || digest(data) != v.SHA256 {
		a.problem("%s was changed after record %d was written: it has %d bytes and the digest %s; the record says %d and %s", name, v.seq, len(data), digest(data), v.Bytes, v.SHA256)
	}
	return nil
}

// verdicts judges every suite and gate again.
func (a *audit) verdicts() {
	for _, s := range a.suites {
		a.Suites++
		folder := filepath.Join(a.dir, filepath.FromSlash(s.started.Evidence))
		v, records, err := gotest.Rejudge(folder, s.finished.Process)
		switch {
		case err != nil:
			a.problem("record %d: suite %s cannot be judged again: %v", s.seq, s.started.Instance, err)
		case v != s.finished.Verdict:
			a.problem("record %d: suite %s was judged %s, and what it has left says %s", s.seq, s.started.Instance, s.finished.Verdict, v)
		case s.finished.Process.Failure == "" && !same(records, s.criteria):
			a.problem("record %d: the criteria of suite %s are not those of its events", s.seq, s.started.Instance)
		}
	}
	for _, g := range a.gates {
		a.gate(g)
	}
}

// same compares criteria as JSON, which is how they are stored.
func same(a, b []suite.Record) bool {
	first, err := json.Marshal(a)
	second, other := json.Marshal(b)
	return errors.Join(err, other) == nil && (bytes.Equal(first, second) || len(a)+len(b) == 0)
}

// gate checks that a gate that opened had every suite's pass, and that one that
// did not had a reason.
func (a *audit) gate(g decided) {
	var policy plan.Gate
	var beside []string
	for _, phase := range a.begun.Plan.Phases {
		if phase.Name == g.gate.Phase {
			policy, beside = phase.Gate, phase.Companions
		}
	}
	if policy.Suites == nil {
		policy = a.begun.Plan.RollbackGate
	}
	blocked := a.flaky(g, policy)
	for _, name := range policy.Suites {
		v, _ := g.last(name)
		blocked = blocked || !v.Passed()
	}
	for _, name := range beside {
		v, ran := g.last(name)
		blocked = blocked || ran && !v.Passed()
	}
	if blocked == g.gate.Verdict.Passed() {
		a.problem("record %d: the gate of phase %q is said to be %s, which does not follow from its suites", g.seq, g.gate.Phase, g.gate.Verdict)
	}
}

// flaky finds the criteria again that passed only when their suite was tried again,
// and reports whether one of them blocks the gate.
func (a *audit) flaky(g decided, policy plan.Gate) (blocks bool) {
	var found []string
	for _, name := range policy.Suites {
		results := g.suites[name]
		if len(results) < 2 {
			continue
		}
		before, last := results[:len(results)-1], results[len(results)-1]
		before = slices.DeleteFunc(slices.Clone(before), func(r gotest.Result) bool { return r.Verdict != verdict.Inconclusive })
		for _, criterion := range gotest.Unsteady(before, last) {
			found = append(found, name+": "+criterion)
		}
	}
	var said []string
	for _, f := range g.gate.Flaky {
		said = append(said, f.Suite+": "+f.Criterion)
		if f.Quarantine == nil {
			blocks = true
		} else if q, ok := policy.QuarantineOf(f.Criterion); !ok || q != *f.Quarantine || q.Expired(g.ended[f.Suite]) {
			a.problem("record %d: the flaky criterion %s is accepted by a quarantine that the plan does not have, or that had ended", g.seq, f.Criterion)
		}
	}
	slices.Sort(found)
	slices.Sort(said)
	if !slices.Equal(found, said) {
		a.problem("record %d: the gate of phase %q calls %q flaky; the attempts say %q", g.seq, g.gate.Phase, said, found)
	}
	return blocks
}

// reports makes the reports again.
func (a *audit) reports() {
	if len(a.Problems) > 0 {
		return // they would be made from what cannot be trusted
	}
	r, err := report.Load(a.dir)
	if err != nil {
		a.problem("the report cannot be made again: %v", err)
		return
	}
	for name, write := range r.Writers() {
		stored, err := os.ReadFile(filepath.Join(a.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it can be made at any time: barqgate report
		}
		var again bytes.Buffer
		if err = errors.Join(err, write(&again)); err != nil {
			a.problem("%s cannot be compared: %v", name, err)
			continue
		}
		a.Reports++
		if !bytes.Equal(stored, again.Bytes()) {
			a.problem("%s is not what the journal says (line %d); make it again with barqgate report", name, firstDifference(stored, again.Bytes()))
		}
	}
	slices.Sort(a.Problems)
}

// firstDifference returns the first line in which two texts differ, from 1.
func firstDifference(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return 1 + bytes.Count(a[:n], []byte{'\n'})
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Print writes what was found, for people.
func (r Result) Print(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "run %s: %d records, %d files, %d suites judged again, %d reports made again\n", r.Run, r.Records, r.Files, r.Suites, r.Reports)
	for _, problem := range r.Problems {
		fmt.Fprintf(&out, "  %s\n", problem)
	}
	if r.Sound() {
		fmt.Fprintf(&out, "nothing was changed, and every verdict follows from what is stored; journal sha256:%s\n", r.Digest)
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write what was found: %w", err)
	}
	return nil
}
