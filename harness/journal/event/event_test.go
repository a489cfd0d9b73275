package event

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

func TestEveryKindSurvivesTheJournal(t *testing.T) {
	dir := t.TempDir()
	w, err := journal.Create(dir)
	require.NoError(t, err)
	events := append(all(),
		StepFinished{Step: "a", Number: 3, Outcome: Unknown, Error: "why", Duration: time.Second},
		CriterionJudged{Suite: "s", Instance: "01-s", Record: suite.Record{Criterion: "s.a.b", Verdict: verdict.Fail, Measured: map[string]any{"p95-ms": 1.5}}},
	)
	kinds := map[string]bool{}
	for _, e := range events {
		kinds[e.Kind()] = true
		_, err := Append(w, e)
		require.NoError(t, err)
	}
	require.Len(t, kinds, len(all()), "kinds are unique")
	require.NoError(t, w.Close())
	chain, err := journal.Replay(dir)
	require.NoError(t, err)
	for i, record := range chain.Records {
		back, err := Decode(record)
		require.NoError(t, err)
		require.Equal(t, events[i], back)
	}
}

func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, record := range []journal.Record{
		{Kind: "coffee.made", Data: json.RawMessage(`{}`)},
		{Kind: "phase.started", Data: json.RawMessage(`{"phase":"x","mood":"good"}`)},
		{Kind: "phase.started", Data: json.RawMessage(`[]`)},
		{Kind: "suite.finished", Data: json.RawMessage(`{"verdict":"fine"}`)},
	} {
		_, err := Decode(record)
		require.Error(t, err)
	}
}
