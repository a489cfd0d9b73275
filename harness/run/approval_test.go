package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

// TestTheJournalSaysHowAPersonHasAgreed: to the run, and to going on with it.
func TestTheJournalSaysHowAPersonHasAgreed(t *testing.T) {
	c, _ := setup(t, "gate", "inconclusive")
	c.Approval = "by --yes"
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Held, o.Exit, o.Reason)
	c.Approval = "the release was typed on a terminal"
	_, err = Resume(t.Context(), c)
	require.NoError(t, err)
	chain, err := journal.Replay(c.Dir)
	require.NoError(t, err)
	var approvals []string
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(t, err)
		switch e := e.(type) {
		case event.RunStarted:
			approvals = append(approvals, e.Approval)
		case event.RunResumed:
			approvals = append(approvals, e.Approval)
		}
	}
	require.Equal(t, []string{"by --yes", "the release was typed on a terminal"}, approvals)
}
