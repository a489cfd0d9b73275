package environment

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
)

// OverridesVariable names the variable of the process's environment that holds
// changes to the environment, as one JSON object with the keys of its file. A
// proof uses it to expect something that does not hold. Only an environment that
// allows inject-fault accepts it, so that no gate can be weakened this way.
const OverridesVariable = "BARQGATE_ENV_OVERRIDES"

// override merges the changes: sections key by key, everything else as a whole.
func (e *Environment) override() error {
	changes := os.Getenv(OverridesVariable)
	if changes == "" {
		return nil
	}
	if !e.Allows(InjectFault) {
		return fmt.Errorf("%s is set, but environment %s does not allow %q; unset it", OverridesVariable, e.Name, InjectFault)
	}
	name := e.Name
	if err := yaml.UnmarshalWithOptions([]byte(changes), e, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %s", OverridesVariable, yaml.FormatError(err, false, false))
	}
	if e.Name != name {
		return fmt.Errorf("%s changes the name of environment %s", OverridesVariable, name)
	}
	return nil
}

// Override returns the variable (NAME=value) that gives a process these changes, on
// top of those that this process was given itself.
func Override(changes map[string]any) (string, error) {
	all := map[string]any{}
	if own := os.Getenv(OverridesVariable); own != "" {
		if err := yaml.Unmarshal([]byte(own), &all); err != nil {
			return "", fmt.Errorf("%s: %s", OverridesVariable, yaml.FormatError(err, false, false))
		}
	}
	overlay(all, changes)
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("encode changes to the environment: %w", err)
	}
	return OverridesVariable + "=" + string(text), nil
}

func overlay(into, changes map[string]any) {
	for key, value := range changes {
		section, ok := into[key].(map[string]any)
		change, isSection := value.(map[string]any)
		if ok && isSection {
			overlay(section, change)
			continue
		}
		into[key] = value
	}
}
