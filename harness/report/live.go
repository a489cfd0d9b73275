package report

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"golang.org/x/term"
)

const (
	// refresh is how often the view on a terminal is drawn.
	refresh = 200 * time.Millisecond
	// progressInterval is how often a log gets a line about one activity.
	progressInterval = 10 * time.Second
)

// Live follows a run on a terminal or in a log. It is a run.Watcher. A failure
// to write is ignored: the record of the run is the journal.
type Live struct {
	mu     sync.Mutex
	out    io.Writer
	style  Style
	redraw bool // the transient block below the decided lines can be redrawn
	drawn  int  // its lines now on the screen
	active []*activity
	once   sync.Once
	closed chan struct{}
	ended  chan struct{}
}

// activity is something that runs now.
type activity struct {
	source string // name of the step or suite, as Progress gives it
	title  string
	since  time.Time
	text   string
	said   time.Time // when a log last got a line about it
}

// NewLive starts a view on the file: one that refreshes on a terminal, plain
// lines with the time elsewhere. Close ends it.
func NewLive(f *os.File) *Live {
	redraw := term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	return newLive(f, StyleOf(f), redraw)
}

func newLive(out io.Writer, style Style, redraw bool) *Live {
	l := &Live{out: out, style: style, redraw: redraw, closed: make(chan struct{}), ended: make(chan struct{})}
	go l.loop()
	return l
}

func (l *Live) loop() {
	defer close(l.ended)
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		select {
		case <-l.closed:
			return
		case <-tick.C:
			l.mu.Lock()
			l.draw()
			l.mu.Unlock()
		}
	}
}

// Recorded shows what was recorded.
func (l *Live) Recorded(record journal.Record, e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.track(record.Time, e)
	if state, text := describe(e); text != "" {
		l.print(record.Time, state, text)
	}
	l.draw()
}

// track keeps the list of what runs now.
func (l *Live) track(at time.Time, e event.Event) {
	switch e := e.(type) {
	case event.StepStarted:
		l.active = append(l.active, &activity{source: e.Step, title: fmt.Sprintf("step %d %s", e.Number, e.Title), since: at, said: at})
	case event.StepFinished:
		l.end(e.Step)
	case event.SuiteStarted:
		l.active = append(l.active, &activity{source: e.Suite, title: "suite " + e.Suite, since: at, said: at})
	case event.SuiteFinished:
		l.end(e.Suite)
	case event.RunFinished:
		l.active = nil
	}
}

func (l *Live) end(source string) {
	l.active = slices.DeleteFunc(l.active, func(a *activity) bool { return a.source == source })
}

// describe says what an event decides; "" for one that decides nothing.
func describe(e event.Event) (state, text string) {
	switch e := e.(type) {
	case event.RunStarted:
		return "", fmt.Sprintf("run %s: %s", e.Run, e.Plan.Name)
	case event.RunResumed:
		torn := ""
		if e.Torn {
			torn = "; half a last record was dropped"
		}
		return "resumed", fmt.Sprintf("by %s on %s%s", e.Who, e.Host, torn)
	case event.StepAttested:
		return "attested", fmt.Sprintf("step %s: done is %v, says %s", e.Step, e.Done, e.Who)
	case event.ObjectRemoved:
		return "removed", e.Object + " " + e.ID
	case event.PhaseStarted:
		return "", "phase " + e.Phase
	case event.StepStarted:
		return "start", fmt.Sprintf("step %d %s", e.Number, e.Title)
	case event.StepFinished:
		title := e.Step
		if e.Undo {
			title = "undoing of: " + title
		}
		return string(e.Outcome), strings.TrimSpace(fmt.Sprintf("step %d %s (%s) %s", e.Number, title, short(e.Duration), e.Error))
	case event.StepObserved:
		return "observed", fmt.Sprintf("step %s: done is %v %s", e.Step, e.Done, e.Error)
	case event.ObjectCreated:
		return "created", e.Object + " " + e.ID
	case event.SuiteStarted:
		if e.Attempt > 1 {
			return "start", fmt.Sprintf("suite %s, attempt %d", e.Suite, e.Attempt)
		}
		return "start", "suite " + e.Suite
	case event.CriterionJudged:
		state := e.Record.Verdict.String()
		if e.Record.Skipped {
			state = "skipped"
		}
		return state, e.Record.Criterion + ": " + e.Record.Summary()
	case event.SuiteFinished:
		return e.Verdict.String(), strings.TrimSpace(fmt.Sprintf("suite %s (%s) %s", e.Suite, short(e.Duration), e.Reason))
	case event.GateDecided:
		return e.Verdict.String(), strings.TrimSpace("gate of phase " + e.Phase + " " + e.Reason)
	case event.RollbackStarted:
		return "rollback", "because of " + e.Reason
	case event.Announced:
		if e.Error != "" {
			return "not told", e.Service + ": " + e.Error
		}
		return "told", e.Service + ": " + e.What
	case event.RunFinished:
		return e.Name, e.Meaning
	default:
		return "", ""
	}
}

// Progress shows what is going on now.
func (l *Live) Progress(source, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.active {
		if a.source != source {
			continue
		}
		a.text = text
		if now := time.Now(); !l.redraw && now.Sub(a.said) >= progressInterval {
			a.said = now
			l.print(now, "running", fmt.Sprintf("%s: %s", a.title, text))
		}
	}
}

// print writes a line that stays.
func (l *Live) print(at time.Time, state, text string) {
	l.erase()
	clock := at.Local().Format(time.TimeOnly)
	if !l.redraw {
		clock = at.UTC().Format(time.RFC3339)
	}
	l.write(fmt.Sprintf("%s %s %s\n", clock, l.style.state(state, stateWidth), l.style.fit(text, len(clock)+stateWidth+2)))
}

// draw writes the transient block: what runs now, for how long, and what it says.
func (l *Live) draw() {
	if !l.redraw {
		return
	}
	l.erase()
	for _, a := range l.active {
		text := fmt.Sprintf("  … %s, for %s: %s", a.title, time.Since(a.since).Round(time.Second), a.text)
		l.write(l.style.fit(text, 1) + "\n")
		l.drawn++
	}
}

// erase removes the transient block.
func (l *Live) erase() {
	if l.drawn > 0 {
		l.write(fmt.Sprintf("\x1b[%dA\x1b[J", l.drawn))
		l.drawn = 0
	}
}

func (l *Live) write(text string) { _, _ = io.WriteString(l.out, text) }

// Close leaves the terminal as it was found.
func (l *Live) Close() {
	l.once.Do(func() {
		close(l.closed)
		<-l.ended
		l.mu.Lock()
		defer l.mu.Unlock()
		l.erase()
		l.active = nil
	})
}
