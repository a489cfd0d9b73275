package plan

// Checklist is what a run has to have shown in the end, as people tick it off. It
// decides nothing: the gates do. It says in the words of those who asked.
type Checklist struct {
	Name string `json:"name"`
	// Phases are those whose judgements count: what was judged of the state before
	// says nothing of the state after.
	Phases []string        `json:"phases"`
	Items  []ChecklistItem `json:"items"`
}

// ChecklistItem is ticked if every one of its criteria has passed where it was
// judged last.
type ChecklistItem struct {
	Text     string   `json:"text"`
	Criteria []string `json:"criteria"`
}

// criteria counts those that the list rests on.
func (c Checklist) criteria() int {
	all := map[string]bool{}
	for _, item := range c.Items {
		for _, id := range item.Criteria {
			all[id] = true
		}
	}
	return len(all)
}
