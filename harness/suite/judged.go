package suite

import (
	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Judged makes the judgement the criterion's: a pass says what it would have
// caught, and anything else ends the test with the judgement's reason.
func (c *Check) Judged(j judge.Judgement) {
	c.t.Helper()
	switch j.Verdict {
	case verdict.Pass:
		c.WouldCatch("%s", j.WouldCatch)
	case verdict.Inconclusive:
		c.Inconclusive("%s", j.Reason)
	default:
		c.Require(false, "%s", j.Reason)
	}
}
