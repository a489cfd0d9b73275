// Package retrospective drafts the retrospective of a deployment as Markdown:
// what happened when, who decided what, what took how long, what failed, and what
// that means in the figures of DORA. It reads journals and nothing else.
//
// It must never invent what no journal says, and it must never draw the
// conclusions: those are the team's.
package retrospective

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/report"
)

//go:embed retrospective.md.tmpl
var text string

// Retrospective is what a draft is made of.
type Retrospective struct {
	Deployment *report.Report
	Later      []*report.Report // watches, follow-ups and rollbacks after it, in order
	Timeline   []Moment
	Slowest    []Duration
	Figures    Figures
	Checklist  []Item
}

// Moment is one line of the timeline.
type Moment struct {
	When time.Time
	Run  string
	What string
}

// Duration is how long one thing took.
type Duration struct {
	What string
	Took time.Duration
}

// Item is one thing that people have to do, and whether they say that they did.
type Item struct {
	ID, Sentence string
	Done         string // who and when; "": open
}

// slowestShown is how many steps and suites are named.
const slowestShown = 10

// Make reads the journals: dir is the folder of the deployment's run, and later
// those of the runs that belong to it.
func Make(dir string, later []string, figures Figures, checklist []Item) (*Retrospective, error) {
	r := &Retrospective{Figures: figures, Checklist: checklist}
	for i, folder := range append([]string{dir}, later...) {
		loaded, err := report.Load(folder)
		if err != nil {
			return nil, fmt.Errorf("draft the retrospective: %w", err)
		}
		if i == 0 {
			r.Deployment = loaded
		} else {
			r.Later = append(r.Later, loaded)
		}
		if err := r.read(folder, loaded.Start.Run); err != nil {
			return nil, fmt.Errorf("draft the retrospective: %w", err)
		}
	}
	slices.SortStableFunc(r.Slowest, func(a, b Duration) int { return int(b.Took - a.Took) })
	r.Slowest = r.Slowest[:min(len(r.Slowest), slowestShown)]
	return r, nil
}

// read adds what one journal says to the timeline and to the timings.
func (r *Retrospective) read(dir, run string) error {
	chain, err := journal.Replay(dir)
	if err != nil {
		return err
	}
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		if err != nil {
			return err
		}
		if what := told(e); what != "" {
			r.Timeline = append(r.Timeline, Moment{When: record.Time, Run: run, What: what})
		}
		switch e := e.(type) {
		case event.StepFinished:
			r.Slowest = append(r.Slowest, Duration{What: fmt.Sprintf("step %d %s", e.Number, e.Step), Took: e.Duration})
		case event.SuiteFinished:
			r.Slowest = append(r.Slowest, Duration{What: "suite " + e.Suite, Took: e.Duration})
		}
	}
	return nil
}

// told is an event's line in the timeline; "" for one that is none.
func told(e event.Event) string {
	switch e := e.(type) {
	case event.RunStarted:
		return fmt.Sprintf("%s begins, by %s on %s", e.Plan.Name, e.Who, e.Host)
	case event.RunResumed:
		return fmt.Sprintf("it goes on after an interruption, by %s on %s", e.Who, e.Host)
	case event.PhaseStarted:
		return "phase " + e.Phase
	case event.StepAttested:
		return fmt.Sprintf("%s says of step %q that its effect is in place: %t", e.Who, e.Step, e.Done)
	case event.StepFinished:
		if e.Outcome == event.Done {
			return ""
		}
		return strings.TrimSpace(fmt.Sprintf("step %d %s is %s %s", e.Number, e.Step, e.Outcome, e.Error))
	case event.GateDecided:
		return strings.TrimSpace(fmt.Sprintf("the gate of phase %s decides: %s %s", e.Phase, e.Verdict, e.Reason))
	case event.RollbackStarted:
		return "it is taken back: " + e.Reason
	case event.Announced:
		if e.Error == "" {
			return ""
		}
		return fmt.Sprintf("%s could not be told: %s", e.Service, e.What)
	case event.RunFinished:
		return fmt.Sprintf("it ends: %s, %s", e.Name, e.Meaning)
	default:
		return ""
	}
}

// Decisions lists what was accepted besides plain passes, in all runs.
func (r *Retrospective) Decisions() []report.Exception {
	var all []report.Exception
	for _, one := range r.all() {
		all = append(all, one.Exceptions...)
	}
	return all
}

// Failed lists what did not pass, in all runs.
func (r *Retrospective) Failed() []report.Problem {
	var all []report.Problem
	for _, one := range r.all() {
		all = append(all, one.Problems()...)
	}
	return all
}

func (r *Retrospective) all() []*report.Report {
	return append([]*report.Report{r.Deployment}, r.Later...)
}

// Open counts the items of the checklist that nobody has attested.
func (r *Retrospective) Open() int {
	open := 0
	for _, item := range r.Checklist {
		if item.Done == "" {
			open++
		}
	}
	return open
}

// ItemsOf makes a checklist of sentences by id, with what people have stated.
func ItemsOf(sentences map[string]string, about []attestation.Attestation, age time.Duration, now time.Time) []Item {
	var items []Item
	for id, sentence := range sentences {
		item := Item{ID: id, Sentence: sentence}
		if a, err := attestation.Check(about, id, sentence, age, now); err == nil {
			item.Done = fmt.Sprintf("%s, %s", a.Who, a.When.UTC().Format(time.RFC3339))
			if a.Note != "" {
				item.Done += ": " + a.Note
			}
		}
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.ID, b.ID) })
	return items
}

// cell keeps what a platform said from becoming markup.
var cell = strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "\n", " ", "\r", " ", "\x1b", " ")

// Markdown writes the draft.
func (r *Retrospective) Markdown(w io.Writer) error {
	t, err := template.New("retrospective").Funcs(template.FuncMap{
		"cell":  cell.Replace,
		"time":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"short": func(d time.Duration) string { return d.Round(100 * time.Millisecond).String() },
	}).Parse(text)
	if err != nil {
		return fmt.Errorf("draft the retrospective: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, r); err != nil {
		return fmt.Errorf("draft the retrospective: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the retrospective: %w", err)
	}
	return nil
}

// After lists, of all runs, those in the deployment's environment that came after
// it and before the next deployment, oldest first.
func After(deployment history.Run, runs []history.Run, kind func(history.Run) Kind) []history.Run {
	runs = slices.SortedFunc(slices.Values(runs), func(a, b history.Run) int { return a.Started.Compare(b.Started) })
	var later []history.Run
	for _, r := range runs {
		if r.Environment != deployment.Environment || !r.Started.After(deployment.Started) || r.ID == deployment.ID {
			continue
		}
		if kind(r) == Deployment {
			break
		}
		if r.Ended() {
			later = append(later, r)
		}
	}
	return later
}
