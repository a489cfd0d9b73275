package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// exportConfiguration keeps the configuration that the old version ran with, as
// files that can be applied again.
type exportConfiguration struct {
	configMap, secret string
	policy            environment.SecretPolicy
}

func (s exportConfiguration) Name() string {
	what := "Secret " + s.secret + " encrypted"
	if s.policy != environment.Encrypted {
		what = "digests of the values of Secret " + s.secret
	}
	return fmt.Sprintf("Export ConfigMap %s, and %s", s.configMap, what)
}

// Effect is Idempotent: only files of this run are written.
func (exportConfiguration) Effect() plan.Effect { return plan.Idempotent }

func (s exportConfiguration) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	configMap, err := cluster.ExportConfigMap(ctx)
	if err != nil {
		return err
	}
	digests, err := cluster.ExportSecret(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(
		store(sc, "configmap-"+s.configMap+".yaml", configMap),
		store(sc, "secret-"+s.secret+"-digests.yaml", digests),
	)
	if err != nil || s.policy != environment.Encrypted {
		return err
	}
	sealed, err := cluster.SealSecret(ctx, sc.Env.Export.Recipients)
	if err != nil {
		return err
	}
	sc.Progress("Secret %s is encrypted to %d recipients", s.secret, len(sc.Env.Export.Recipients))
	return store(sc, "secret-"+s.secret+".yaml.age", sealed)
}

// compareConfiguration tells what differs between the live configuration and the
// manifests. It does not judge: what is live may be right and the manifest old. A
// person should know before the next apply puts one over the other.
type compareConfiguration struct{ folder string }

func (s compareConfiguration) Name() string {
	return "Compare the live configuration with the manifests in " + s.folder
}

func (compareConfiguration) Effect() plan.Effect { return plan.ReadOnly }

func (s compareConfiguration) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	folder := s.folder
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(sc.Root, folder)
	}
	drift, err := cluster.Drift(ctx, folder)
	if err != nil {
		return err
	}
	differing := 0
	for _, d := range drift {
		if d.State != kube.Unchanged && d.State != kube.Filled {
			differing++
			sc.Progress("%s: %s is %s", d.Object, d.Key, d.State)
		}
	}
	sc.Progress("%d of %d keys differ from the manifests", differing, len(drift))
	data, err := json.MarshalIndent(drift, "", "  ")
	if err != nil {
		return fmt.Errorf("store the comparison: %w", err)
	}
	return store(sc, "configuration-drift.json", append(data, '\n'))
}
