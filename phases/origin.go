package phases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// Origin is what a plan was made from. A run keeps it in its journal, so that a
// resume can make the same plan again: by then the platform has changed.
type Origin struct {
	Deploy   string `json:"deploy,omitempty"`   // release of a deployment
	Rollback int64  `json:"rollback,omitempty"` // revision of a rollback
	// Restore is what a rollback of the database puts back.
	Restore *Restoration `json:"restore,omitempty"`
	Now     Situation    `json:"now"`
	Unread  string       `json:"unread,omitempty"` // Situation.Unread as text
}

// DeployOf and RollbackOf say what the plan of a deployment or rollback is made of.
func DeployOf(now Situation, to string) Origin { return Origin{Deploy: to, Now: now} }

// RollbackOf is DeployOf for a rollback.
func RollbackOf(now Situation, revision int64) Origin {
	o := Origin{Rollback: revision, Now: now}
	if now.Unread != nil {
		o.Unread = now.Unread.Error()
	}
	return o
}

// RestoreOf is RollbackOf for a rollback of the database.
func RestoreOf(now Situation, r Restoration) Origin {
	o := RollbackOf(now, 0)
	o.Restore = &r
	return o
}

// Encode writes the origin for the journal.
func (o Origin) Encode() (json.RawMessage, error) {
	o.Now.Unread = nil
	data, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("record what the plan was made from: %w", err)
	}
	return data, nil
}

// Again makes the plan that was made from what a journal holds.
func Again(env *environment.Environment, root string, origin json.RawMessage) (*plan.Plan, Origin, error) {
	if len(origin) == 0 {
		return nil, Origin{}, errors.New("the run does not say what its plan was made from; only deployments and rollbacks can be resumed, so start a check again")
	}
	var o Origin
	decoder := json.NewDecoder(bytes.NewReader(origin))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return nil, o, fmt.Errorf("read what the plan of the run was made from: %w", err)
	}
	if o.Unread != "" {
		o.Now.Unread = errors.New(o.Unread)
	}
	p, err := o.plan(env, root)
	return p, o, err
}

func (o Origin) plan(env *environment.Environment, root string) (*plan.Plan, error) {
	switch {
	case o.Deploy != "":
		return Deploy(env, root, o.Now, o.Deploy)
	case o.Restore != nil:
		return RestoreDatabase(env, root, o.Now, *o.Restore)
	case o.Rollback != 0:
		return Rollback(env, root, o.Now, o.Rollback)
	default:
		return nil, errors.New("the run was neither a deployment nor a rollback; there is nothing to resume")
	}
}
