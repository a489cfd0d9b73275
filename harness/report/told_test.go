package report

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// toldBy is a deployment that is promoted while one service is down.
func toldBy(problem string) []event.Event {
	events := start()
	begun, _ := events[0].(event.RunStarted)
	begun.Contacts = environment.Contacts{Team: []environment.Contact{{Role: "Lead Engineer", Reach: "+1-555-0100"}}, Escalation: []environment.Contact{{Role: "CTO", Reach: "+1-555-0199"}}}
	events[0] = begun
	return append(events,
		event.Announced{Service: "Slack", Moment: "started", What: "it has started", Attempts: 1, Reference: "C1 1"},
		event.Announced{Service: "Slack", Moment: "finished", What: "it is promoted", Attempts: 3, Error: problem},
		event.Announced{Service: "Grafana", Moment: "finished", What: "it is promoted", Attempts: 1, Reference: "7"},
		event.RunFinished{Exit: 0, Name: "promoted", Meaning: "all passed", Verdict: verdict.Pass},
	)
}

func TestWhoWasNotToldIsShownAndChangesNoVerdict(t *testing.T) {
	r := load(t, toldBy("it answers 503"))
	require.Empty(t, r.Problems(), "the release is not to blame")
	require.Equal(t, 0, r.Result.Exit)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"screen":   func(b *bytes.Buffer) error { return r.Screen(b, Style{}) },
		"markdown": func(b *bytes.Buffer) error { return r.Markdown(b) },
		"html":     func(b *bytes.Buffer) error { return r.HTML(b) },
		"json":     func(b *bytes.Buffer) error { return r.JSON(b) },
	} {
		var out bytes.Buffer
		require.NoError(t, write(&out))
		for _, want := range []string{"Slack", "it answers 503", "Grafana", "Lead Engineer: +1-555-0100", "then CTO: +1-555-0199"} {
			text := bytes.ReplaceAll(out.Bytes(), []byte("&#43;"), []byte("+"))
			require.Contains(t, string(text), want, name)
		}
	}
	require.Equal(t, "1 of 2 updates did not arrive; the last: it is promoted: it answers 503", r.Told[0].Text())
}

func TestNobodyIsCalledWhereAllIsWell(t *testing.T) {
	r := load(t, toldBy(""))
	require.Empty(t, r.Calls)
	require.Equal(t, "told", r.Told[0].State())
	r = load(t, toldBy("")[:5])
	require.NotEmpty(t, r.Calls, "a run that has not ended needs people")
}
