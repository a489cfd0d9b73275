package kill

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/journal/event"
)

// pointsVariable limits the kill points of each deployment: a number of them,
// evenly spread, or <part>/<parts> to share them out.
const pointsVariable = "KILL_POINTS"

// TestKilledAtEveryRecord kills barqgate behind every record, and between every
// effect and its record, of a deployment that is promoted and of one that is
// rolled back.
func TestKilledAtEveryRecord(t *testing.T) {
	w := newWorld(t)
	for _, release := range []string{good, bad} {
		t.Run(release, func(t *testing.T) {
			w.reset(t)
			since := w.revision(t)
			exit, out := w.barqgate(t, "", "deploy", "-env=local", "--to="+release)
			require.Equal(t, map[string]int{good: 0, bad: 1}[release], exit, out)
			run := runOf(t, out)
			events := w.journal(t, run)
			want, wantEnd := w.state(t, since), ended(t, events, run, since)
			points := sample(t, killPoints(events))
			resumed := 0
			for i, point := range points {
				w.reset(t)
				since := w.revision(t)
				exit, out := w.barqgate(t, point, "deploy", "-env=local", "--to="+release)
				require.Equal(t, -1, exit, "killed at %s: %s", point, out)
				run := runOf(t, out)
				clock := fmt.Sprintf("clock:%dh", i%3-1) // an hour back, as it is, an hour ahead
				exit, out = w.barqgate(t, clock, "resume", run)
				again := w.journal(t, run)
				require.Equal(t, wantEnd, ended(t, again, run, since), "resumed after %s, %s: %s", point, clock, out)
				require.Equal(t, want, w.state(t, since), "resumed after %s", point)
				requireNothingTwice(t, again)
				resumed++
				t.Logf("%3d of %d: killed %s, resumed (%s) to the same state, exit %d", i+1, len(points), point, clock, exit)
			}
			t.Logf("%s: %d kill points, %d resumed to the same state", release, len(points), resumed)
		})
	}
}

// killPoints lists where the process can die: behind every record but the last,
// and right before those that tell of something that has happened.
func killPoints(events []event.Event) []string {
	var points []string
	for i, e := range events {
		switch e.(type) {
		case event.StepFinished, event.FactSet, event.ObjectCreated, event.ObjectRemoved:
			points = append(points, fmt.Sprintf("before:%d", i+1))
		}
		if i < len(events)-1 {
			points = append(points, fmt.Sprintf("after:%d", i+1))
		}
	}
	return points
}

// sample picks what KILL_POINTS asks for.
func sample(t *testing.T, points []string) []string {
	t.Helper()
	text := os.Getenv(pointsVariable)
	if text == "" {
		return points
	}
	number, parts, shared := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	require.NoError(t, err, pointsVariable)
	var picked []string
	if shared {
		every, err := strconv.Atoi(parts)
		require.NoError(t, err, pointsVariable)
		for i := n - 1; i < len(points); i += every {
			picked = append(picked, points[i])
		}
		return picked
	}
	n = min(n, len(points))
	for i := range n {
		picked = append(picked, points[(2*i+1)*len(points)/(2*n)])
	}
	return picked
}

// requireNothingTwice asserts that a step that must not be repeated was started
// again only after the platform had shown that it had no effect, and that people
// were told in one message.
func requireNothingTwice(t *testing.T, events []event.Event) {
	t.Helper()
	open, messages := map[string]bool{}, map[string]string{}
	for _, e := range events {
		switch e := e.(type) {
		case event.StepStarted:
			if e.Effect == "once" && !e.Undo {
				require.False(t, open[e.Step], "step %q was done twice", e.Step)
				open[e.Step] = true
			}
		case event.StepObserved:
			open[e.Step] = e.Error != "" || e.Done
		case event.Announced:
			if before, known := messages[e.Service]; known && e.Service == "Slack" && e.Error == "" {
				require.Equal(t, before, e.Reference, "the run has a second message")
			}
			if e.Error == "" {
				messages[e.Service] = e.Reference
			}
		}
	}
}
