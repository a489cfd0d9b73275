package run

import (
	"context"
	"errors"
)

// Execute runs the plan. Whatever happens, the outcome says what is done, what
// is not, and how to go on; the error, if there is one, says why the run could
// not be carried out as planned, and outcome.Exit is valid in any case.
//
// Cancelling ctx stops the run at the next safe point; closing c.Abort stops it
// at once.
func Execute(ctx context.Context, c Config) (Outcome, error) {
	return Outcome{Exit: HarnessError}, errors.New("not built yet")
}
