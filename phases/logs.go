package phases

import (
	"context"
	"fmt"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/podlog"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// recordErrors notes which kinds of errors the old release logs, so that new ones
// can be told from old ones when its pods, and their logs, are gone.
type recordErrors struct{ back time.Duration }

func (s recordErrors) Name() string {
	return fmt.Sprintf("Record which errors the running release has logged in the last %s", s.back)
}

func (recordErrors) Effect() plan.Effect { return plan.ReadOnly }

func (s recordErrors) Run(ctx context.Context, sc *plan.StepContext) error {
	account, err := accountOfLogs(ctx, sc.Env, time.Now().Add(-s.back))
	if err != nil {
		return err
	}
	sc.Progress("%d errors of %d kinds in %d requests", account.Errors, len(account.Kinds), account.Requests)
	return setJSON(sc, barq.FactBaselineLogs, account.Baseline())
}

// accountOfLogs adds up what the logs of all running pods say since a time. A log
// that cannot be read is an error: its errors would count as new ones later.
func accountOfLogs(ctx context.Context, env *environment.Environment, since time.Time) (podlog.Account, error) {
	var all podlog.Account
	cluster, err := kube.Connect(ctx, env.Kubernetes)
	if err != nil {
		return all, err
	}
	rules, err := podlog.NewRules(env)
	if err != nil {
		return all, err
	}
	pods, err := cluster.Pods(ctx)
	if err != nil {
		return all, err
	}
	for _, pod := range pods {
		if pod.Terminating {
			continue
		}
		lines, err := cluster.LogLines(ctx, pod.Name, false)
		if err != nil {
			return all, err
		}
		if len(lines) == 0 {
			return all, fmt.Errorf("the log of pod %s is empty; what the release before logs would not be known", pod.Name)
		}
		all.Add(rules.Count(lines, since, ""))
	}
	return all, nil
}
