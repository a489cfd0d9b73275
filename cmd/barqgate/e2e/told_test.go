package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/lab"
	"github.com/barq-platform/barqgate/fixtures/lab/alerting"
	"github.com/barq-platform/barqgate/fixtures/transport"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/report"
)

// drill cuts a deployment down to its steps: what is shown here does not depend on
// the suites.
const drill = `{
  "run": {"onlySuites": ["preflight", "health", "database", "rollout", "tenancy"]},
  "health": {"attempts": 30, "interval": "1s", "samples": 2},
  "load": {"rate": 50, "duration": "1s", "warmup": "100ms", "minimumSamples": 30, "soak": "1s"}
}`

// TestPeopleAreTold deploys while Slack is down, and takes a bad release back while
// all services answer.
func TestPeopleAreTold(t *testing.T) {
	b := newBench(t)
	b.backToStable(t)
	t.Run("v2.1.0-crash", func(t *testing.T) {
		told := b.notices(t)
		exit, events, _ := b.deploy(t, "v2.1.0-crash", drill)
		require.Equal(t, 1, exit, "%v", failures(events))
		for service, failed := range untold(events) {
			require.Empty(t, failed, service)
		}
		require.Equal(t, []string{"change sent", "incident trigger", "incident acknowledge", "change sent", "incident resolve"}, distinct(told.since(t, b, "pagerduty")))
		require.Equal(t, []string{"annotation open", "annotation closed"}, told.since(t, b, "grafana"))
		require.Len(t, told.since(t, b, "insights"), 2)
		slack := told.since(t, b, "slack")
		require.NotEmpty(t, slack)
		require.Equal(t, "message posted", slack[0])
		require.NotContains(t, slack[1:], "message posted", "one message a deployment")
	})
	t.Run("v2.1.0 while Slack is down", func(t *testing.T) {
		told := b.notices(t)
		b.lab(t, "fault", "on", "slack.down")
		defer b.lab(t, "fault", "off", "slack.down")
		exit, events, dir := b.deploy(t, "v2.1.0", drill)
		require.Equal(t, 0, exit, "who cannot be told keeps no release away: %v", failures(events))
		require.NotEmpty(t, untold(events)["Slack"])
		require.Contains(t, untold(events)["Slack"][0].Error, "in 3 attempts")
		require.Len(t, untold(events), 1, "one service that is down does not silence another")
		require.Empty(t, told.since(t, b, "slack"))
		r, err := report.Load(dir)
		require.NoError(t, err)
		require.NotEmpty(t, r.Calls, "somebody has to tell people by other means")
		page, err := os.ReadFile(filepath.Join(dir, "report.md"))
		require.NoError(t, err)
		require.Contains(t, string(page), "| Slack | not told |")
		require.Contains(t, string(page), "Lead Engineer")
	})
}

// untold lists by service what nobody was told.
func untold(events []event.Event) map[string][]event.Announced {
	failed := map[string][]event.Announced{}
	for _, e := range events {
		if a, ok := e.(event.Announced); ok && a.Error != "" {
			failed[a.Service] = append(failed[a.Service], a)
		}
	}
	return failed
}

// notices is what the services of the lab were told, in order; what other tests
// have had them told is among it.
type notices []alerting.Notice

// since lists what a service has been told after these notices.
func (n notices) since(t *testing.T, b *bench, service string) []string {
	t.Helper()
	now := b.notices(t)
	require.GreaterOrEqual(t, len(now), len(n))
	var told []string
	for _, notice := range now[len(n):] {
		if notice.Service == service {
			told = append(told, notice.Kind+" "+notice.State)
		}
	}
	return told
}

func (b *bench) notices(t *testing.T) notices {
	t.Helper()
	variables := b.env.Provided()
	client, err := transport.New("", value(variables, lab.VariableAlertingCAFile), b.env.Notify.Timeout)
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	response, err := (&http.Client{Transport: client}).Get(value(variables, lab.VariableAlertingURL) + alerting.NoticesPath)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	var all notices
	require.NoError(t, json.NewDecoder(response.Body).Decode(&all))
	return all
}

// value finds a variable in NAME=value lines.
func value(variables []string, name string) string {
	for _, line := range variables {
		if rest, found := strings.CutPrefix(line, name+"="); found {
			return rest
		}
	}
	return ""
}

// distinct leaves out what is the same as right before.
func distinct(list []string) []string {
	var kept []string
	for _, text := range list {
		if len(kept) == 0 || kept[len(kept)-1] != text {
			kept = append(kept, text)
		}
	}
	return kept
}
