package phases

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSteadyMeansManyReadyAnswersInARow(t *testing.T) {
	var asked atomic.Int32
	broken := int32(3) // the answer that breaks the first row; 0: every one
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status, body := http.StatusOK, `{"status":"Ready","isHealthy":true}`
		if n := asked.Add(1); broken == 0 || n == broken {
			status, body = http.StatusServiceUnavailable, `{"status":"NotReady","isHealthy":false}`
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer platform.Close()
	env := fixed(t, map[string]any{"api": map[string]any{"url": platform.URL}})
	steady := steadiness{answers: 5, pause: time.Millisecond}
	var told int
	count := func(string, ...any) { told++ }
	require.NoError(t, steady.settle(t.Context(), env, count))
	require.Equal(t, int32(3+5), asked.Load(), "a failure begins the row anew")
	require.Equal(t, 1, told)

	broken = 0
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := steady.settle(ctx, env, count)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, `it answered 503 with status "NotReady"`, "what the platform said last")
}
