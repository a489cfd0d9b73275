// Package runbook traces the runbook's text to what executes it:
// testdata/traceability.yaml holds every line of testdata/runbook.md with the steps
// and criteria that stand for it. From the table come the runbook as an environment
// executes it, its documentation, and the checklists at the end of a run.
//
// It must never call an item done that nothing has observed.
package runbook

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/document"
	"github.com/barq-platform/barqgate/harness/prove"
)

// Paths of the runbook and its table, relative to the module's root.
const (
	SourceFile = "testdata/runbook.md"
	TableFile  = "testdata/traceability.yaml"
)

// Section is a heading of the runbook with what stands below it.
type Section struct {
	Name  string `yaml:"section"`
	Items []Item `yaml:"items"`
}

// Item is one line of the runbook, or several that belong together.
type Item struct {
	ID   string `yaml:"id"`
	Text string `yaml:"text"` // as in the runbook
	// Steps are names of steps or of their undoing; * stands for any text.
	Steps []string `yaml:"steps"`
	// Criteria are ids; suite.* or suite.thing.* stands for all that begin so.
	Criteria []string `yaml:"criteria"`
	Commands []string `yaml:"commands"` // what a person types for it
	Pending  string   `yaml:"pending"`  // why nothing stands for it yet
}

// Table is the whole runbook.
type Table []Section

// Load reads the table strictly.
func Load(root string) (Table, error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(TableFile)))
	if err != nil {
		return nil, fmt.Errorf("read the runbook's table: %w", err)
	}
	var table Table
	if err := document.Decode(TableFile, source, &table); err != nil {
		return nil, err
	}
	if err := table.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", TableFile, err)
	}
	return table, nil
}

var validID = regexp.MustCompile(`^[a-z]+\.[a-z-]+$`)

func (t Table) validate() error {
	var problems []error
	seen := map[string]bool{}
	for _, section := range t {
		if section.Name == "" || len(section.Items) == 0 {
			problems = append(problems, fmt.Errorf("section %q has no name or no items", section.Name))
		}
		for _, item := range section.Items {
			switch {
			case !validID.MatchString(item.ID):
				problems = append(problems, fmt.Errorf("id %q: expected area.thing in lower case", item.ID))
			case seen[item.ID]:
				problems = append(problems, fmt.Errorf("id %s occurs twice", item.ID))
			case strings.TrimSpace(item.Text) == "":
				problems = append(problems, fmt.Errorf("item %s has no text", item.ID))
			case item.mapped() == (item.Pending != ""):
				problems = append(problems, fmt.Errorf("item %s must either have a step or a criterion, or be pending", item.ID))
			}
			seen[item.ID] = true
		}
	}
	return errors.Join(problems...)
}

func (i Item) mapped() bool { return len(i.Steps)+len(i.Criteria) > 0 }

// Items lists all items in the runbook's order.
func (t Table) Items() []Item {
	var items []Item
	for _, section := range t {
		items = append(items, section.Items...)
	}
	return items
}

// Title is the item's text on one line, without the runbook's Markdown.
func (i Item) Title() string {
	first, rest, _ := strings.Cut(strings.TrimSpace(i.Text), "\n")
	text := strings.NewReplacer("**", "", "`", "").Replace(strings.TrimSuffix(first, ` \`))
	text = strings.TrimPrefix(strings.TrimPrefix(text, "- [ ] "), "- ")
	if rest != "" {
		text += " …"
	}
	return text
}

// Matches reports whether the pattern stands for the name: * is any text.
func Matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(name)
}

// Known lists, sorted, every criterion that can fail: those of testdata/mutants.
func Known(root string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(root, "testdata", "mutants", "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(fmt.Errorf("list the criteria below %s: found %d files in testdata/mutants", root, len(files)), err)
	}
	var all []string
	for _, file := range files {
		suite := strings.TrimSuffix(filepath.Base(file), path.Ext(file))
		criteria, err := prove.Criteria(root, suite)
		if err != nil {
			return nil, err
		}
		all = append(all, criteria...)
	}
	slices.Sort(all)
	return all, nil
}

// Expand returns the known criteria that the item's patterns stand for, and an
// error for a pattern that stands for none.
func (i Item) Expand(known []string) ([]string, error) {
	var found []string
	for _, pattern := range i.Criteria {
		before := len(found)
		for _, id := range known {
			if Matches(pattern, id) {
				found = append(found, id)
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("item %s: no suite has the criterion %s", i.ID, pattern)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// Lines returns the lines of a runbook that say something to do or to know: all but
// headings, fences, comments and empty ones, without their indentation.
func Lines(source string) []string {
	var lines []string
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		// "#" is a heading, or a comment of a command.
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "```") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Section returns the section of the name.
func (t Table) Section(name string) (Section, bool) {
	for _, section := range t {
		if section.Name == name {
			return section, true
		}
	}
	return Section{}, false
}
