package main

import (
	"github.com/barq-platform/barqgate/fixtures/notify"
	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/plan"
)

// tellerFor returns what tells people of a run, or nil: nobody is told of one that
// only looks, unless it is told always, or where the environment names no service to
// tell them by.
func tellerFor(p *plan.Plan, always bool) (announce.Teller, error) {
	if !p.Env.Notify.Used() || !changes(p) && !always {
		return nil, nil //nolint:nilnil // nobody is told
	}
	return notify.NewTeller(p.Env.Notify)
}
