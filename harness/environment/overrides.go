package environment

import (
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
