package report

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// stateWidth holds the longest word that says how something ended.
const stateWidth = 12

// Screen writes the final screen: phases, gates, criteria, figures, what did not
// pass with its reason and evidence, and what to do next.
func (r *Report) Screen(w io.Writer, s Style) error {
	v := &screen{style: s}
	v.line("")
	v.line("%s", s.bold(plain(r.Start.Plan.Name)))
	for _, phase := range r.Phases {
		v.phase(phase)
	}
	v.figures(r)
	v.exceptions(r)
	v.checklists(r)
	v.problems(r)
	v.told(r)
	v.end(r)
	if _, err := w.Write(v.out.Bytes()); err != nil {
		return fmt.Errorf("write the final screen: %w", err)
	}
	return nil
}

// screen gathers the lines; writing to its buffer cannot fail.
type screen struct {
	style Style
	out   bytes.Buffer
}

func (v *screen) line(format string, args ...any) { fmt.Fprintf(&v.out, format+"\n", args...) }

func (v *screen) phase(p Phase) {
	v.line("")
	v.line("%s %s", v.style.state(p.State(), stateWidth), v.style.bold("phase "+plain(p.Name)))
	for _, step := range p.Steps {
		v.line("  %s %3d %s", v.style.state(step.State(), stateWidth), step.Number, v.style.fit(fmt.Sprintf("%s (%s)", step.Title, short(step.Duration)), stateWidth+7))
	}
	for _, s := range p.Suites {
		if s.Lost {
			v.line("  %s %s: %s", v.style.state("interrupted", stateWidth), s.Start.Suite, s.Ended())
			continue
		}
		kind := "suite"
		if s.Start.Companion {
			kind = "companion"
		}
		again := ""
		if s.Superseded {
			again = "; tried again"
		}
		v.line("  %s %s %s: %d of %d criteria passed%s", v.style.state(s.Verdict().String(), stateWidth), kind, s.Start.Suite, s.Passed(), len(s.Criteria), again)
		for _, record := range s.Criteria {
			state := record.Verdict.String()
			if record.Skipped {
				state = "skipped"
			}
			v.line("    %s %-42s %s", v.style.state(state, stateWidth), record.Criterion, v.style.fit(record.Summary(), stateWidth+48))
		}
	}
	if p.Gate != nil {
		v.line("  %s gate", v.style.state(p.Gate.Verdict.String(), stateWidth))
	}
}

func (v *screen) figures(r *Report) {
	f := r.Figures()
	v.line("")
	v.line("criteria passed  %d of %d", f.Passed, f.Criteria)
	v.line("requests sent    %s", f.RequestsText())
	v.line("longest outage   %s", f.OutageText())
	v.line("took             %s", short(r.Took()))
}

// exceptions lists what was accepted besides a plain pass.
func (v *screen) exceptions(r *Report) {
	if len(r.Exceptions) == 0 {
		return
	}
	v.line("")
	v.line("%s", v.style.bold("retries, flaky criteria and skips"))
	for _, e := range r.Exceptions {
		v.line("  %s %-42s %dx %s", v.style.state(e.Kind, stateWidth), plain(e.What), e.Count, v.style.fit(e.Text(), stateWidth+49))
	}
}

func (v *screen) checklists(r *Report) {
	for _, list := range r.Checklists {
		v.line("")
		v.line("%s", v.style.bold(list.Name))
		for _, item := range list.Items {
			v.line("  %s %-34s %s", item.Box(), item.Text, v.style.fit(item.Why(), 41))
		}
	}
}

// told lists who was told of the run, and who was not.
func (v *screen) told(r *Report) {
	if len(r.Told) == 0 {
		return
	}
	v.line("")
	v.line("%s", v.style.bold("who was told"))
	for _, t := range r.Told {
		v.line("  %s %-20s %s", v.style.state(t.State(), stateWidth), t.Service, v.style.fit(t.Text(), stateWidth+27))
	}
}

func (v *screen) problems(r *Report) {
	for _, p := range r.Problems() {
		v.line("")
		v.line("%s %s", v.style.state(p.Verdict, 0), v.style.bold(plain(p.What)))
		v.line("  in        %s", plain(p.Where))
		v.block("because", p.Reason)
		for _, path := range p.Evidence {
			v.line("  evidence  %s", filepath.Join(r.Dir, filepath.FromSlash(path)))
		}
		if p.Command != "" {
			v.line("  again     %s", p.Command)
		}
	}
}

func (v *screen) end(r *Report) {
	v.line("")
	if r.Result == nil {
		v.line("%s", v.style.bold(r.Headline()))
	} else {
		v.line("%s (exit %d): %s", v.style.bold(v.style.state(r.Result.Name, 0)), r.Result.Exit, r.Result.Meaning)
		if r.Result.Reason != "" {
			first, _, _ := strings.Cut(r.Result.Reason, "\n") // the rest stands with the problem above
			v.line("  %s", plain(first))
		}
		v.list("done", r.Result.Done)
		if r.Result.Exit != 0 {
			v.list("not done", r.Result.Open)
		}
		v.list("unknown", r.Result.Unknown)
		v.list("but", r.Result.Caveats)
		v.list("next", r.Result.Next)
	}
	v.list("call", r.Calls)
	v.line("report  %s", filepath.Join(r.Dir, htmlFile))
}

// block prints a text of several lines, such as the last lines of a pod's log,
// below each other.
func (v *screen) block(title, text string) {
	for line := range strings.Lines(text) {
		v.line("  %-9s %s", title, plain(line))
		title = ""
	}
}

func (v *screen) list(title string, entries []string) {
	for i, entry := range entries {
		if i > 0 {
			title = ""
		}
		v.line("  %-9s %s", title, plain(entry))
	}
}
