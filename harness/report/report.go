// Package report makes everything that a person reads about a run: the live
// view while it happens, the final screen, and the files for browsers, pull
// requests and pipelines. All of it comes from the journal and the evidence
// folder alone, so any of it can be made again later.
//
// It must never know what BARQ is, and it must never say more than was recorded.
package report

import (
	"errors"
	"io"
	"os"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

var errSoon = errors.New("not built yet")

// Report is a run as its journal tells it.
type Report struct {
	Dir string // the run's folder
}

// Load reads the journal of the run's folder.
func Load(dir string) (*Report, error) { return nil, errSoon }

// Files are the paths of the written report.
type Files struct{ HTML, Markdown, JUnit, JSON string }

// Write stores report.html, report.md, junit.xml and report.json in the run's folder.
func (r *Report) Write() (Files, error) { return Files{}, errSoon }

// Screen writes the final screen: phases, gates, criteria, figures, and what to do next.
func (r *Report) Screen(w io.Writer, s Style) error { return errSoon }

// Markdown writes the report for pull requests and step summaries.
func (r *Report) Markdown(w io.Writer) error { return errSoon }

// HTML writes the report as one self-contained file.
func (r *Report) HTML(w io.Writer) error { return errSoon }

// JUnit writes the report for pipelines.
func (r *Report) JUnit(w io.Writer) error { return errSoon }

// JSON writes the report for programs; barqgate's --output=json.
func (r *Report) JSON(w io.Writer) error { return errSoon }

// Style says what the output can show.
type Style struct {
	Color bool
	Width int // columns; 0: unlimited
}

// StyleOf looks at the file and the environment: colours only on terminals, and
// never when NO_COLOR is set.
func StyleOf(f *os.File) Style { return Style{} }

// Live follows a run on a terminal or in a log. It is a run.Watcher.
type Live struct{}

// NewLive starts a view on the file: one that refreshes on a terminal, plain
// lines with the time elsewhere.
func NewLive(f *os.File) *Live { return &Live{} }

// Recorded shows what was recorded.
func (l *Live) Recorded(record journal.Record, e event.Event) {}

// Progress shows what is going on now.
func (l *Live) Progress(source, text string) {}

// Close leaves the terminal as it was found.
func (l *Live) Close() {}
