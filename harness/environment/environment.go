// Package environment loads the description of one place where BARQ runs: where
// it is reached, what everything is called there, what is expected of it, and
// what barqgate may do to it. An Environment does not change after Load.
//
// It must never print or store a secret, and it must never guess: an unknown
// key, a missing value or an unset variable is an error that names the file,
// the line and the key.
package environment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Environment is one file of testdata/envs, resolved and validated. Units and
// meanings are given beside each field; names in backquotes are keys of the file.
type Environment struct {
	Name        string   `yaml:"name" json:"name"`
	Description string   `yaml:"description" json:"description"`
	Profile     Profile  `yaml:"profile" json:"profile"`
	Provider    Provider `yaml:"provider" json:"provider"`
	Allow       []Effect `yaml:"allow" json:"allow"`
	// Releases is the catalogue of release tags that can be deployed here, relative
	// to the module's root. Empty: any tag.
	Releases string `yaml:"releases" json:"releases"`

	API        API        `yaml:"api" json:"api"`
	Kubernetes Kubernetes `yaml:"kubernetes" json:"kubernetes"`
	Database   Database   `yaml:"database" json:"database"`
	Tenancy    Tenancy    `yaml:"tenancy" json:"tenancy"`
	Auth       Auth       `yaml:"auth" json:"auth"`
	Files      Files      `yaml:"files" json:"files"`
	Health     Health     `yaml:"health" json:"health"`
	Load       Traffic    `yaml:"load" json:"load"`
	Thresholds Thresholds `yaml:"thresholds" json:"thresholds"`
	Rollback   Rollback   `yaml:"rollback" json:"rollback"`
	Frontend   Frontend   `yaml:"frontend" json:"frontend"`
	Run        Run        `yaml:"run" json:"run"`
	AI         AI         `yaml:"ai" json:"ai"`
	BPM        BPM        `yaml:"bpm" json:"bpm"`
	Logs       Logs       `yaml:"logs" json:"logs"`
	Resources  Resources  `yaml:"resources" json:"resources"`
	Notify     Notify     `yaml:"notify" json:"notify"`
	Contacts   Contacts   `yaml:"contacts" json:"contacts"`
	Watch      Watch      `yaml:"watch" json:"watch"`
	Followup   Followup   `yaml:"followup" json:"followup"`

	Source    Source    `yaml:"source" json:"source"`
	Preflight Preflight `yaml:"preflight" json:"preflight"`
	Export    Export    `yaml:"export" json:"export"`

	// provided returns what the provider printed. It is a function because fmt
	// would print a map of an unexported field, secrets and all.
	provided func() map[string]string
}

// Profile says which contract the platform is held to.
type Profile string

// The two profiles of the platform's contract.
const (
	// Intended holds the platform to what its documents and clients assume.
	Intended Profile = "intended"
	// AsBuilt holds it to what the committed code is known to answer; every
	// deviation from the intended contract is recorded as a finding.
	AsBuilt Profile = "as-built"
)

// Effect is something that barqgate may do to an environment. What is not
// listed in `allow` is refused before it starts.
type Effect string

// The effects an environment can allow. Reading is always allowed.
const (
	// Write creates and removes labelled objects through the API (tenants,
	// users, tasks, files).
	Write Effect = "write"
	// LoadTest sends sustained traffic.
	LoadTest Effect = "load"
	// Lockout locks a test account on purpose.
	Lockout Effect = "lockout"
	// Provision inserts test tenants and users by SQL.
	Provision Effect = "provision"
	// Deploy changes the running release: migrations, images, scale.
	Deploy Effect = "deploy"
	// RestoreDatabase replaces the database by a backup.
	RestoreDatabase Effect = "restore-database"
	// InjectFault switches on wrong behaviour; only the lab can.
	InjectFault Effect = "inject-fault"
)

// Provider starts, or attaches to, what the environment needs. Its command runs
// in the module's root, reports progress on stderr, and prints on stdout one
// JSON object whose string values can then be referenced as ${KEY}.
type Provider struct {
	Command []string      `yaml:"command" json:"command"`
	Timeout time.Duration `yaml:"timeout" json:"timeout"`
}

// API says how the BARQ HTTP API is reached and what it answers.
type API struct {
	URL               string        `yaml:"url" json:"url"`                             // scheme and host, no path
	Host              string        `yaml:"host" json:"host"`                           // Host header, when it differs from URL's
	CAFile            string        `yaml:"caFile" json:"caFile"`                       // PEM file; empty: the system's roots
	Timeout           time.Duration `yaml:"timeout" json:"timeout"`                     // of one request
	UnauthorizedCodes []int         `yaml:"unauthorizedCodes" json:"unauthorizedCodes"` // to anonymous callers of a protected route
	DeniedCodes       []int         `yaml:"deniedCodes" json:"deniedCodes"`             // to callers of another tenant
	ReadyCodes        []int         `yaml:"readyCodes" json:"readyCodes"`               // of the health routes
	FaultsURL         string        `yaml:"faultsURL" json:"faultsURL"`                 // the lab's fault switch; empty elsewhere
}

// Kubernetes names the objects of the platform in its cluster.
type Kubernetes struct {
	Kubeconfig      string        `yaml:"kubeconfig" json:"kubeconfig"` // path; empty: KUBECONFIG or ~/.kube/config
	Context         string        `yaml:"context" json:"context"`       // empty: the current one
	Namespace       string        `yaml:"namespace" json:"namespace"`
	Deployment      string        `yaml:"deployment" json:"deployment"`
	Container       string        `yaml:"container" json:"container"`
	Service         string        `yaml:"service" json:"service"`
	Ingress         string        `yaml:"ingress" json:"ingress"`
	ConfigMap       string        `yaml:"configMap" json:"configMap"`
	Secret          string        `yaml:"secret" json:"secret"`
	SecretKeys      []string      `yaml:"secretKeys" json:"secretKeys"` // keys that must be there and not empty
	Selector        string        `yaml:"selector" json:"selector"`     // label selector of the API's pods
	ImageRepository string        `yaml:"imageRepository" json:"imageRepository"`
	Replicas        int           `yaml:"replicas" json:"replicas"`
	RolloutTimeout  time.Duration `yaml:"rolloutTimeout" json:"rolloutTimeout"`
	MaxRestarts     int           `yaml:"maxRestarts" json:"maxRestarts"` // allowed for a pod of the new revision
}

// Database names the platform's SQL Server database.
type Database struct {
	DSN        Secret     `yaml:"dsn" json:"dsn"`           // sqlserver://user:password@host:port?..., without database
	Name       string     `yaml:"name" json:"name"`         // such as BARQ_DB
	Tables     TableNames `yaml:"tables" json:"tables"`     // what the runbook's tables are really called
	Critical   []string   `yaml:"critical" json:"critical"` // tables whose rows must not be lost
	AppendOnly []string   `yaml:"appendOnly" json:"appendOnly"`
	// Bookkeeping are columns, as Table.Column, that change without the row's
	// UpdatedAt: they are left out where contents are compared while users work.
	Bookkeeping    []string      `yaml:"bookkeeping" json:"bookkeeping"`
	BackupDir      string        `yaml:"backupDir" json:"backupDir"`     // on the SQL Server's file system
	ScratchName    string        `yaml:"scratchName" json:"scratchName"` // database for the restore drill
	CommandTimeout time.Duration `yaml:"commandTimeout" json:"commandTimeout"`
	AverageQuery   time.Duration `yaml:"averageQuery" json:"averageQuery"` // threshold of the runbook: 100 ms

	Reach       Reach            `yaml:"reach" json:"reach"`
	Service     DatabaseService  `yaml:"service" json:"service"`
	TLS         DatabaseTLS      `yaml:"tls" json:"tls"`
	Application ApplicationLogin `yaml:"application" json:"application"`
	Backups     Backups          `yaml:"backups" json:"backups"`
	Migrations  Migrations       `yaml:"migrations" json:"migrations"`
	Performance QueryLimits      `yaml:"performance" json:"performance"`

	// Cluster is the section kubernetes where reach is port-forward: the way to the
	// server leads through it.
	Cluster Kubernetes `yaml:"-" json:"-"`
}

// TableNames maps the runbook's words to the schema's.
type TableNames struct {
	Tenants  string `yaml:"tenants" json:"tenants"`
	Users    string `yaml:"users" json:"users"`
	Roles    string `yaml:"roles" json:"roles"`
	Tasks    string `yaml:"tasks" json:"tasks"`
	Projects string `yaml:"projects" json:"projects"`
	Files    string `yaml:"files" json:"files"`
}

// Tenancy says where the two test tenants come from.
type Tenancy struct {
	Header    string   `yaml:"header" json:"header"`       // such as X-Tenant-Id
	Provision bool     `yaml:"provision" json:"provision"` // create them by SQL for each suite, and remove them
	Tenants   []Tenant `yaml:"tenants" json:"tenants"`     // exactly two, when not provisioned
}

// Tenant is a test tenant that exists already, with one user.
type Tenant struct {
	ID       string `yaml:"id" json:"id"`
	UserName string `yaml:"userName" json:"userName"`
	Email    string `yaml:"email" json:"email"`
	Password Secret `yaml:"password" json:"password"`
}

// Auth says how the platform authenticates.
type Auth struct {
	LoginPath       string        `yaml:"loginPath" json:"loginPath"`
	CookieName      string        `yaml:"cookieName" json:"cookieName"`
	CookieSameSite  string        `yaml:"cookieSameSite" json:"cookieSameSite"` // none, lax or strict
	Issuer          string        `yaml:"issuer" json:"issuer"`
	Audience        string        `yaml:"audience" json:"audience"`
	LockoutAttempts int           `yaml:"lockoutAttempts" json:"lockoutAttempts"`
	LockoutFor      time.Duration `yaml:"lockoutFor" json:"lockoutFor"`
	AdminRole       string        `yaml:"adminRole" json:"adminRole"`
	// SigningKey makes expired tokens; where it is not given, the criterion that
	// needs one is skipped with that reason.
	SigningKey Secret `yaml:"signingKey" json:"signingKey"`
}

// Files says what the platform accepts as files.
type Files struct {
	Sizes       []int64       `yaml:"sizes" json:"sizes"` // bytes; each is stored and read back
	ScanTimeout time.Duration `yaml:"scanTimeout" json:"scanTimeout"`
	EICAR       bool          `yaml:"eicar" json:"eicar"` // send the harmless antivirus test file
}

// Health is the runbook's health wait: attempts times interval.
type Health struct {
	Attempts int           `yaml:"attempts" json:"attempts"`
	Interval time.Duration `yaml:"interval" json:"interval"`
	Samples  int           `yaml:"samples" json:"samples"` // requests a route in suites/health
}

// Traffic sets what barqgate sends to the platform, in requests a second.
type Traffic struct {
	Rate             int           `yaml:"rate" json:"rate"`
	Duration         time.Duration `yaml:"duration" json:"duration"`
	Warmup           time.Duration `yaml:"warmup" json:"warmup"`
	MinimumSamples   int           `yaml:"minimumSamples" json:"minimumSamples"`
	Soak             time.Duration `yaml:"soak" json:"soak"` // how long a new release serves before its gate
	ContinuityRate   int           `yaml:"continuityRate" json:"continuityRate"`
	MaxOutage        time.Duration `yaml:"maxOutage" json:"maxOutage"`               // longest outage a rollout may cause; 0 means none
	MaxRegression    float64       `yaml:"maxRegression" json:"maxRegression"`       // factor of p95 over the baseline
	RegressionFloor  time.Duration `yaml:"regressionFloor" json:"regressionFloor"`   // below this p95 no regression is called
	MaxSendLag       time.Duration `yaml:"maxSendLag" json:"maxSendLag"`             // p99 of lateness; beyond, the generator is unfit
	MinAchievedShare float64       `yaml:"minAchievedShare" json:"minAchievedShare"` // of the intended rate, 0 to 1
}

// Thresholds are the runbook's numbers; they stand nowhere else.
type Thresholds struct {
	P95               time.Duration `yaml:"p95" json:"p95"`
	ErrorRate         float64       `yaml:"errorRate" json:"errorRate"` // share, 0.001 is 0.1 %
	MemoryShare       float64       `yaml:"memoryShare" json:"memoryShare"`
	CPUShare          float64       `yaml:"cpuShare" json:"cpuShare"`
	CriticalErrorRate float64       `yaml:"criticalErrorRate" json:"criticalErrorRate"`
	CriticalP95       time.Duration `yaml:"criticalP95" json:"criticalP95"`
	WarningErrorRate  float64       `yaml:"warningErrorRate" json:"warningErrorRate"`
	WarningP95        time.Duration `yaml:"warningP95" json:"warningP95"`
}

// Rollback says what barqgate may undo by itself when a gate does not pass.
type Rollback struct {
	Application RollbackPolicy `yaml:"application" json:"application"`
	Database    RollbackPolicy `yaml:"database" json:"database"`
}

// RollbackPolicy says who decides about a rollback.
type RollbackPolicy string

// The rollback policies.
const (
	// Automatic rolls back without asking.
	Automatic RollbackPolicy = "automatic"
	// Manual stops, says what to do, and leaves it to a person.
	Manual RollbackPolicy = "manual"
)

// Allows reports whether the environment permits the effect.
func (e *Environment) Allows(effect Effect) bool {
	for _, allowed := range e.Allow {
		if allowed == effect {
			return true
		}
	}
	return false
}

// Image returns the full image reference of a release tag.
func (e *Environment) Image(tag string) string {
	return e.Kubernetes.ImageRepository + ":" + tag
}

// Digest returns the SHA-256, in hex, of everything the environment says but its
// secrets, which count only as set or not set.
func (e *Environment) Digest() string {
	data, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("encode environment %s: %v", e.Name, err)) // only plain values, which always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
