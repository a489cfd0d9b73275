package gotest

import (
	"context"
	"time"

	"github.com/barq-platform/barqgate/harness/verdict"
)

// Run executes the suite once. It always returns a result: whatever keeps the
// suite from being judged is a verdict of Error with its reason.
func (e Executable) Run(ctx context.Context, o Options) Result {
	o = o.withDefaults()
	p, err := e.start(o)
	if err != nil {
		return e.unstarted(o, err)
	}
	how, err := p.wait(ctx, time.After(o.Timeout))
	return p.finish(how, err)
}

func (e Executable) unstarted(o Options, err error) Result {
	r := e.blank(o, time.Now())
	r.Verdict, r.Reason = verdict.Error, "it could not be started: "+err.Error()
	r.Process.Failure = r.Reason
	return r
}
