package phases

import (
	"fmt"

	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/phases/runbook"
)

// harnessRollback is what harness/run calls the undoing of steps, and its gate.
const harnessRollback = "rollback"

// successLists are the runbook's success criteria: of the deployment, then of the
// rollback. What was judged before the deployment began to change anything says
// nothing of its success.
func successLists(root string) ([]plan.Checklist, error) {
	table, err := runbook.Load(root)
	if err != nil {
		return nil, err
	}
	known, err := runbook.Known(root)
	if err != nil {
		return nil, err
	}
	lists := []plan.Checklist{
		{Name: "Deployment Success", Phases: []string{database, application, verification}},
		{Name: "Rollback Success", Phases: []string{harnessRollback, rollback}},
	}
	for i := range lists {
		section, ok := table.Section("Success Criteria / " + lists[i].Name)
		if !ok {
			return nil, fmt.Errorf("%s has no section %q", runbook.TableFile, "Success Criteria / "+lists[i].Name)
		}
		for _, item := range section.Items {
			criteria, err := item.Expand(known)
			if err != nil {
				return nil, err
			}
			lists[i].Items = append(lists[i].Items, plan.ChecklistItem{Text: item.Title(), Criteria: criteria})
		}
	}
	return lists, nil
}
