package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/report"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// failedReport is a report with a criterion and a step that did not pass.
func failedReport() *report.Report {
	failed := suite.Record{Criterion: "auth.lockout.after-failures", Verdict: verdict.Fail, Reason: "100 % of attempts\nwere answered"}
	return &report.Report{
		Start: event.RunStarted{Plan: plan.Outline{Name: "deploy v2"}},
		Phases: []report.Phase{{
			Name:   "4",
			Steps:  []report.Step{{Title: "Set the image to x:v2, now", Started: true, Outcome: event.Failed, Error: "no"}},
			Suites: []report.Suite{{Start: event.SuiteStarted{Suite: "auth"}, Criteria: []suite.Record{failed}, Result: &event.SuiteFinished{Verdict: verdict.Fail, Command: "go test ./suites/auth"}}},
		}},
	}
}

func TestAnnotations(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "suites", "auth"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "suites", "auth", "auth_test.go"), []byte("package auth_test\n\n// it declares\nvar _ = \"auth.lockout.after-failures\"\n"), 0o600))
	var out bytes.Buffer
	t.Setenv(actionsVariable, "")
	require.NoError(t, annotate(&out, root, failedReport()))
	require.Empty(t, out.String(), "elsewhere nobody reads them")
	t.Setenv(actionsVariable, "true")
	require.NoError(t, annotate(&out, root, failedReport()))
	require.Equal(t, "::error title=Set the image to x%3Av2%2C now::failed: no\n"+
		"::error file=suites/auth/auth_test.go,line=4,title=auth.lockout.after-failures::fail: 100 %25 of attempts%0Awere answered%0Aagain: go test ./suites/auth\n", out.String())
}

func TestStepSummary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	require.NoError(t, os.WriteFile(path, []byte("before\n"), 0o600))
	t.Setenv(summaryVariable, path)
	require.NoError(t, stepSummary(failedReport()))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), "before\n# deploy v2")
	require.Contains(t, string(text), "auth.lockout.after-failures")
	t.Setenv(summaryVariable, filepath.Join(path, "nowhere"))
	require.Error(t, stepSummary(failedReport()), "a summary that cannot be written is told")
	t.Setenv(summaryVariable, "")
	require.NoError(t, stepSummary(failedReport()))
}
