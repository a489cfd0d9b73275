package plan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Print writes the plan as a numbered tree, for the person who decides on it.
func (p *Plan) Print(w io.Writer) error {
	if err := p.Outline().Print(w); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "\ndigest sha256:%s\n", p.Digest()); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	return nil
}

// Print writes the outline as Plan.Print does, without the digest.
func (o Outline) Print(w io.Writer) error {
	p := printer{width: o.widest()}
	p.line("%s", o.Name)
	p.line("environment %s%s", o.Environment, o.releases())
	for _, phase := range o.Phases {
		p.phase(phase)
	}
	p.rollback(o)
	for _, list := range o.Checklists {
		p.line("")
		p.line("in the end, %s is ticked off by %d of the criteria", list.Name, list.criteria())
		for _, item := range list.Items {
			p.line("  [ ] %s", item.Text)
		}
	}
	if len(o.Notes) > 0 {
		p.line("")
		p.line("notes")
		for _, note := range o.Notes {
			p.line("  - %s", note)
		}
	}
	if _, err := w.Write(p.out.Bytes()); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	return nil
}

func (o Outline) releases() string {
	switch {
	case o.From == "" && o.To == "":
		return ""
	case o.From == o.To || o.From == "":
		return ", release " + o.To
	default:
		return fmt.Sprintf(", from %s to %s", o.From, o.To)
	}
}

// widest returns the columns that the longest step name takes.
func (o Outline) widest() int {
	width := 0
	for _, phase := range o.Phases {
		for _, step := range phase.Steps {
			width = max(width, len([]rune(step.Name)))
		}
	}
	return width
}

// printer gathers the lines; writing to its buffer cannot fail.
type printer struct {
	out   bytes.Buffer
	width int
}

func (p *printer) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

func (p *printer) phase(phase PhaseOutline) {
	p.line("")
	if phase.About == "" {
		p.line("phase %s", phase.Name)
	} else {
		p.line("phase %s: %s", phase.Name, phase.About)
	}
	if len(phase.Companions) > 0 {
		p.line("  beside the steps: %s", strings.Join(phase.Companions, ", "))
	}
	for _, step := range phase.Steps {
		p.line("  %3d  %-*s  %-10s  within %s", step.Number, p.width, step.Name, step.Effect, short(step.Timeout))
		if step.Undo != "" {
			p.line("       undo: %s", step.Undo)
		}
	}
	p.gate("gate", phase.Gate)
}

func (p *printer) gate(title string, gate Gate) {
	p.line("  %s: %s", title, strings.Join(gate.Suites, ", "))
	if n := len(gate.Required); n > 0 {
		p.line("       criteria that must be judged: %d", n)
	}
	for _, id := range sortedKeys(gate.AllowedSkips) {
		p.line("       may be skipped: %s (%s)", id, gate.AllowedSkips[id])
	}
	for _, r := range gate.Retries {
		p.line("       may be tried again (at most %d x): %s (%s)", r.Attempts, r.Suite, r.Reason)
	}
	for _, q := range gate.Quarantines {
		p.line("       quarantined until %s: %s (%s; owner %s)", q.Until, q.Criterion, q.Reason, q.Owner)
	}
}

// rollback says what happens when a gate does not pass, in the order in which it
// would be done.
func (p *printer) rollback(o Outline) {
	var undo []StepOutline
	for _, phase := range o.Phases {
		for _, step := range phase.Steps {
			if step.Undo != "" {
				undo = append(undo, step)
			}
		}
	}
	p.line("")
	if len(undo) == 0 {
		p.line("if a gate does not pass: stop; no step can be taken back")
		return
	}
	p.line("if a gate does not pass, of the steps done by then")
	slices.Reverse(undo)
	for _, step := range undo {
		p.line("  %3d  %s", step.Number, step.Undo)
	}
	p.gate("rollback gate", o.RollbackGate)
}

// short prints a duration without its zero parts: 10m instead of 10m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
