package runbook

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/journal/history"
)

// View is the runbook as one environment executes it.
type View struct {
	Environment string
	Table       Table
	Steps       []string      // names of the steps in that environment
	Criteria    []string      // all that exist
	Runs        []history.Run // newest first
}

// Count is how many items are in each state.
type Count map[string]int

// Print writes the runbook item by item, with what executes it and its state.
func (v View) Print(w io.Writer) (Count, error) {
	var out bytes.Buffer
	count := Count{}
	fmt.Fprintf(&out, "the runbook, as environment %s executes it\n", v.Environment)
	for _, section := range v.Table {
		fmt.Fprintf(&out, "\n%s\n", section.Name)
		for _, item := range section.Items {
			state, err := item.StateOf(v.Runs, v.Criteria)
			if err != nil {
				return nil, err
			}
			count[state.Word]++
			fmt.Fprintf(&out, "  %-8s %-28s %s\n", state.Word, item.ID, item.Title())
			v.item(&out, item, state)
		}
	}
	fmt.Fprintf(&out, "\n%d items: %d passed, %d failed, %d partly, %d not run, %d pending\n",
		len(v.Table.Items()), count[Passed], count[Failed], count[Partly], count[NotRun], count[Waiting])
	if _, err := w.Write(out.Bytes()); err != nil {
		return nil, fmt.Errorf("print the runbook: %w", err)
	}
	return count, nil
}

func (v View) item(out *bytes.Buffer, item Item, state State) {
	line := func(what, text string) {
		fmt.Fprintf(out, "           %-9s %s\n", what, text)
	}
	for _, pattern := range item.Steps {
		for _, name := range v.named(pattern) {
			line("step", name)
		}
	}
	if len(item.Criteria) > 0 {
		line("criteria", strings.Join(item.Criteria, ", "))
	}
	if len(item.Commands) > 0 {
		line("type", strings.Join(item.Commands, "; "))
	}
	if !state.When.IsZero() {
		line("last", fmt.Sprintf("%s, run %s", state.When.UTC().Format(time.RFC3339), state.Run))
	}
	if state.Note != "" {
		line("because", state.Note)
	}
}

// named returns the steps of the environment that a pattern stands for, or the
// pattern itself where the environment's names are not known.
func (v View) named(pattern string) []string {
	var names []string
	for _, name := range v.Steps {
		if Matches(pattern, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{strings.ReplaceAll(pattern, "*", "…")}
	}
	return names
}

// cell keeps text from ending a table's cell or becoming markup.
var cell = strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "*", `\*`)

// Markdown writes the table as documentation, without any state.
func (t Table) Markdown(w io.Writer) error {
	var out bytes.Buffer
	out.WriteString("# The runbook, line by line\n\n" +
		"Made from `testdata/traceability.yaml` by `make docs`; do not edit. `testdata/runbook.md` is the runbook's text.\n" +
		"`barqgate runbook -env=<environment>` prints the same with the state of each item there.\n")
	for _, section := range t {
		fmt.Fprintf(&out, "\n## %s\n\n| item | the runbook says | steps | criteria | to type |\n|---|---|---|---|---|\n", section.Name)
		for _, item := range section.Items {
			steps := make([]string, len(item.Steps))
			for i, pattern := range item.Steps {
				steps[i] = cell.Replace(strings.ReplaceAll(pattern, "*", "…"))
			}
			if item.Pending != "" {
				steps = []string{"pending: " + cell.Replace(item.Pending)}
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", item.ID, cell.Replace(item.Title()), strings.Join(steps, "<br>"), cell.Replace(strings.Join(item.Criteria, ", ")), strings.Join(item.Commands, ", "))
		}
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the runbook's documentation: %w", err)
	}
	return nil
}

// Line is an item with its state, for programs.
type Line struct {
	Section  string   `json:"section"`
	ID       string   `json:"id"`
	Text     string   `json:"text"`
	Steps    []string `json:"steps"`
	Criteria []string `json:"criteria"`
	Commands []string `json:"commands"`
	State    State    `json:"state"`
}

// Items lists the view's items with their states.
func (v View) Items() ([]Line, error) {
	var lines []Line
	for _, section := range v.Table {
		for _, item := range section.Items {
			state, err := item.StateOf(v.Runs, v.Criteria)
			if err != nil {
				return nil, err
			}
			criteria, err := item.Expand(v.Criteria)
			if err != nil {
				return nil, err
			}
			line := Line{Section: section.Name, ID: item.ID, Text: item.Text, Criteria: criteria, Commands: item.Commands, State: state}
			for _, pattern := range item.Steps {
				line.Steps = append(line.Steps, v.named(pattern)...)
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}
