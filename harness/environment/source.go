package environment

import (
	"regexp"
	"strings"
	"time"
)

// Source says where a release's source and its reviews are.
type Source struct {
	Repository string `yaml:"repository" json:"repository"` // owner/name at GitHub
	// Path is a clone with the history of the release, relative to the module's root.
	Path   string `yaml:"path" json:"path"`
	Remote string `yaml:"remote" json:"remote"` // where tags are pushed to, such as origin
	// Branch is the branch that the release was reviewed and scanned on; {release}
	// stands for the release's tag.
	Branch string `yaml:"branch" json:"branch"`
	// Commit is any revision; empty: the tag that is named like the release.
	Commit    string   `yaml:"commit" json:"commit"`
	GitHub    string   `yaml:"github" json:"github"`       // address of the API, with a slash at its end
	Token     Secret   `yaml:"token" json:"token"`         // reads checks, reviews and alerts, and pushes tags
	Checks    []string `yaml:"checks" json:"checks"`       // check runs that must have succeeded for the commit
	Approvals int      `yaml:"approvals" json:"approvals"` // that every change needs
	Scanners  []string `yaml:"scanners" json:"scanners"`   // code scanning tools that must have looked at the commit
	// SecretRules is a configuration of Gitleaks, relative to the module's root;
	// empty: its own rules.
	SecretRules string `yaml:"secretRules" json:"secretRules"`
}

// BranchOf returns the branch that the release was reviewed and scanned on.
func (s Source) BranchOf(release string) string {
	return strings.ReplaceAll(s.Branch, "{release}", release)
}

// Preflight says what has to hold before a deployment begins.
type Preflight struct {
	// Registry answers for the image's own registry, as host:port; empty: that one.
	Registry     string        `yaml:"registry" json:"registry"`
	Runs         []string      `yaml:"runs" json:"runs"`                 // folders with the runs of staging, relative to the module's root
	Staging      string        `yaml:"staging" json:"staging"`           // the environment that a release passes before this one, or none
	StagingAge   time.Duration `yaml:"stagingAge" json:"stagingAge"`     // of its run, at most
	RehearsalAge time.Duration `yaml:"rehearsalAge" json:"rehearsalAge"` // of the last rollback there, at most
	// PerformanceSuites and MigrationSuites must have passed in the run of staging.
	PerformanceSuites []string     `yaml:"performanceSuites" json:"performanceSuites"`
	MigrationSuites   []string     `yaml:"migrationSuites" json:"migrationSuites"`
	Monitoring        []Probe      `yaml:"monitoring" json:"monitoring"`
	Attestations      Attestations `yaml:"attestations" json:"attestations"`
}

// FirstStage in place of the name of an environment says that a release passes no
// other one before: the checks that rest on one are skipped, and counted.
const FirstStage = "none"

// Probe is an address that has to answer 200.
type Probe struct {
	Name     string `yaml:"name" json:"name"`
	URL      string `yaml:"url" json:"url"`
	Contains string `yaml:"contains" json:"contains"` // words that the answer has to hold; may be empty
}

// Attestations say what a person has to state before a deployment.
type Attestations struct {
	File string        `yaml:"file" json:"file"` // relative to the module's root; see package attestation
	Age  time.Duration `yaml:"age" json:"age"`   // how long a statement holds, at most
	// Required maps the ids of statements to the sentence that a person agrees to.
	Required map[string]string `yaml:"required" json:"required"`
}

// Export says how the configuration is saved before a deployment.
type Export struct {
	Secrets    SecretPolicy `yaml:"secrets" json:"secrets"`
	Recipients []string     `yaml:"recipients" json:"recipients"` // age public keys that can read exported secrets
	// Manifests is the folder with what the live objects should be, relative to the
	// module's root. {{ … }} in a value stands for any text.
	Manifests string `yaml:"manifests" json:"manifests"`
}

// SecretPolicy says what becomes of a Secret's values when it is exported.
type SecretPolicy string

// The policies for exported secrets.
const (
	// Encrypted exports them readable by the recipients alone.
	Encrypted SecretPolicy = "encrypted"
	// Omitted exports digests only; they cannot be restored from the export.
	Omitted SecretPolicy = "omitted"
)

// Contact is a role of the runbook's emergency contacts and how it is reached.
type Contact struct {
	Role  string `yaml:"role" json:"role"`
	Reach string `yaml:"reach" json:"reach"` // a telephone number or an address
}

// Contacts are the people of a deployment. Escalation is in the order in which
// they are called.
type Contacts struct {
	Team       []Contact `yaml:"team" json:"team"`
	Escalation []Contact `yaml:"escalation" json:"escalation"`
}

var (
	repositoryName = regexp.MustCompile(`^[\w.-]+/[\w.-]+$`)
	ageRecipient   = regexp.MustCompile(`^age1[a-z0-9]+$`)
)

func (v *validator) source(s Source) {
	v.required("source", s, "Commit", "SecretRules")
	v.set("source.token", s.Token.IsSet())
	if !repositoryName.MatchString(s.Repository) {
		v.problem("source.repository", "is %q; expected owner/name", s.Repository)
	}
	if s.GitHub != "" && !strings.HasSuffix(s.GitHub, "/") {
		v.problem("source.github", "is %q; expected a slash at its end, as in https://api.github.com/", s.GitHub)
	}
}

func (v *validator) preflight(p Preflight) {
	v.required("preflight", p, "Registry", "Runs")
	v.set("preflight.runs", len(p.Runs) > 0 || p.Staging == FirstStage)
	v.required("preflight.attestations", p.Attestations)
	for _, probe := range p.Monitoring {
		if probe.Name == "" || probe.URL == "" {
			v.problem("preflight.monitoring", "has an entry without name or url")
		}
	}
}

func (v *validator) export(x Export) {
	v.oneOf("export.secrets", string(x.Secrets), string(Encrypted), string(Omitted))
	v.set("export.manifests", x.Manifests != "")
	if x.Secrets == Encrypted && len(x.Recipients) == 0 {
		v.problem("export.recipients", "is empty; nobody could read the encrypted secrets")
	}
	for _, recipient := range x.Recipients {
		if !ageRecipient.MatchString(recipient) {
			v.problem("export.recipients", "lists %q; expected an age public key (age1…), such as `age-keygen` prints", recipient)
		}
	}
}

func (v *validator) contacts(c Contacts) {
	v.required("contacts", c)
	for _, contact := range append(append([]Contact(nil), c.Team...), c.Escalation...) {
		if contact.Role == "" || contact.Reach == "" {
			v.problem("contacts", "has an entry without role or reach")
		}
	}
}
