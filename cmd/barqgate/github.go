package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/report"
)

// Variables that GitHub Actions sets in the process of a step.
const (
	summaryVariable = "GITHUB_STEP_SUMMARY" // file that the summary is appended to
	actionsVariable = "GITHUB_ACTIONS"      // "true"
)

// stepSummary appends the report to the summary page of a GitHub Actions job, if
// this is one.
func stepSummary(r *report.Report) (err error) {
	path := os.Getenv(summaryVariable)
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the step summary: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return r.Markdown(file)
}

// annotate tells GitHub Actions what did not pass.
func (a *app) annotate(r *report.Report) error {
	root, err := environment.Root()
	if err != nil {
		return err
	}
	return annotate(a.err, root, r)
}

// annotate writes, in GitHub Actions, an annotation for everything that did not
// pass, at the place in the sources where the criterion is declared. The runner
// reads them from the standard error too, which --output=json leaves to them.
func annotate(w io.Writer, root string, r *report.Report) error {
	if os.Getenv(actionsVariable) != "true" {
		return nil
	}
	for _, problem := range r.Problems() {
		properties := "title=" + property.Replace(problem.What)
		if file, line, found := declaration(root, problem.What); found {
			properties = fmt.Sprintf("file=%s,line=%d,%s", property.Replace(file), line, properties)
		}
		text := fmt.Sprintf("%s: %s", problem.Verdict, problem.Reason)
		if problem.Command != "" {
			text += "\nagain: " + problem.Command
		}
		if _, err := fmt.Fprintf(w, "::error %s::%s\n", properties, message.Replace(text)); err != nil {
			return fmt.Errorf("annotate: %w", err)
		}
	}
	return nil
}

// Workflow commands end at a line's end, and their properties at a comma or colon.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
var (
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// declaration finds where a suite declares the criterion, relative to the root. Where
// suites come as binaries there are no sources, and no place.
func declaration(root, criterion string) (file string, line int, found bool) {
	suite, _, _ := strings.Cut(criterion, ".")
	files, err := filepath.Glob(filepath.Join(root, "suites", suite, "*_test.go"))
	if err != nil {
		return "", 0, false
	}
	slices.Sort(files)
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		before, _, ok := strings.Cut(string(source), `"`+criterion+`"`)
		if !ok {
			continue
		}
		if relative, err := filepath.Rel(root, path); err == nil {
			return filepath.ToSlash(relative), strings.Count(before, "\n") + 1, true
		}
	}
	return "", 0, false
}
