package environment

import "time"

// Reach says how barqgate gets to the SQL Server.
type Reach string

// The ways to the SQL Server.
const (
	// Direct connects to the host of database.dsn.
	Direct Reach = "direct"
	// PortForward connects through the cluster, as `kubectl port-forward` does; the
	// host of database.dsn is then the name that the certificate has to be for.
	PortForward Reach = "port-forward"
)

// DatabaseService is the Service in front of the SQL Server's pods.
type DatabaseService struct {
	Name string `yaml:"name" json:"name"` // such as sql-server; empty: the server has none
	Port int    `yaml:"port" json:"port"`
}

// DatabaseTLS says what the SQL Server's certificate has to be.
type DatabaseTLS struct {
	// TrustServerCertificate allows connections that do not verify it, as the
	// runbook's connection string asks for. It is reported whenever it is used.
	TrustServerCertificate bool          `yaml:"trustServerCertificate" json:"trustServerCertificate"`
	MinValidity            time.Duration `yaml:"minValidity" json:"minValidity"` // that has to be left of it
}

// ApplicationLogin is the login that the platform itself uses.
type ApplicationLogin struct {
	DSN Secret `yaml:"dsn" json:"dsn"` // as database.dsn; not set: its rights cannot be looked at
	// MayOwn allows it to be db_owner, as where the application migrates at its
	// start. It may never be sysadmin.
	MayOwn bool `yaml:"mayOwn" json:"mayOwn"`
}

// Backups says what a backup has to be to count as a way back.
type Backups struct {
	MaxAge time.Duration `yaml:"maxAge" json:"maxAge"`
}

// QueryLimits bound what suites/dbperformance sees in its window.
type QueryLimits struct {
	Window         time.Duration `yaml:"window" json:"window"`
	MinimumSamples int           `yaml:"minimumSamples" json:"minimumSamples"` // executions of statements
	MaxBlocked     time.Duration `yaml:"maxBlocked" json:"maxBlocked"`         // that a session may wait for another
	MaxConnections int           `yaml:"maxConnections" json:"maxConnections"` // to the database
}

// MigrationTool says who applies migrations.
type MigrationTool string

// The tools that apply migrations.
const (
	// Script runs the SQL of database.migrations.script.
	Script MigrationTool = "script"
	// Bundle runs an executable made by `dotnet ef migrations bundle`.
	Bundle MigrationTool = "bundle"
	// EF runs `dotnet ef database update`, which needs the SDK and the sources.
	EF MigrationTool = "ef"
)

// UnsafePolicy says what becomes of a migration that the old version cannot run
// beside.
type UnsafePolicy string

// The policies for unsafe migrations.
const (
	// Refuse ends the deployment before anything is changed.
	Refuse UnsafePolicy = "refuse"
	// Accept goes on: a person has planned for what the old version cannot do.
	Accept UnsafePolicy = "accept"
)

// Migrations says what brings the schema to what a release needs, and what it may
// do there.
type Migrations struct {
	// Script is what is applied, as SQL: one file as `dotnet ef migrations script
	// --idempotent` writes it, or a folder with a file for each migration. It is
	// what gets judged, whoever applies it. Relative to the module's root.
	Script string        `yaml:"script" json:"script"`
	Tool   MigrationTool `yaml:"tool" json:"tool"`
	// Bundle is the executable of the tool bundle, relative to the module's root.
	Bundle string `yaml:"bundle" json:"bundle"`
	// The tool ef runs in Directory with these projects, as in the runbook.
	Directory      string `yaml:"directory" json:"directory"`
	Project        string `yaml:"project" json:"project"`
	StartupProject string `yaml:"startupProject" json:"startupProject"`
	// ConnectionVariable is the variable through which bundle and ef get the
	// connection string: an argument could be read in the list of processes.
	ConnectionVariable string `yaml:"connectionVariable" json:"connectionVariable"`

	Unsafe    UnsafePolicy `yaml:"unsafe" json:"unsafe"`
	Rehearsal Rehearsal    `yaml:"rehearsal" json:"rehearsal"`
}

// RehearsalMode says where migrations are tried first.
type RehearsalMode string

// The modes of a rehearsal.
const (
	// OnCopy tries them on the restored backup.
	OnCopy RehearsalMode = "copy"
	// NoRehearsal does not try them: there is no room for a copy.
	NoRehearsal RehearsalMode = "none"
)

// Rehearsal says how migrations are tried on a copy, and what they may cost.
type Rehearsal struct {
	Mode         RehearsalMode `yaml:"mode" json:"mode"`
	MaxBlocked   time.Duration `yaml:"maxBlocked" json:"maxBlocked"`     // that a reader or writer may wait
	MaxLogGrowth int64         `yaml:"maxLogGrowth" json:"maxLogGrowth"` // bytes of transaction log
	// Suites run with the old version on the migrated copy. Only where faults may
	// be injected: they are given another API and database than the environment's.
	Suites []string `yaml:"suites" json:"suites"`
}

// databaseParts checks the sections below database.
func (v *validator) databaseParts(d Database) {
	v.oneOf("database.reach", string(d.Reach), string(Direct), string(PortForward))
	if d.Service.Name != "" || d.Reach == PortForward {
		v.required("database.service", d.Service)
	}
	v.required("database.tls", d.TLS, "TrustServerCertificate")
	v.required("database.backups", d.Backups)
	v.required("database.performance", d.Performance)
	m := d.Migrations
	v.set("database.migrations.script", m.Script != "")
	v.oneOf("database.migrations.tool", string(m.Tool), string(Script), string(Bundle), string(EF))
	v.set("database.migrations.bundle", m.Bundle != "" || m.Tool != Bundle)
	v.set("database.migrations.project", m.Project != "" || m.Tool != EF)
	v.set("database.migrations.startupProject", m.StartupProject != "" || m.Tool != EF)
	v.set("database.migrations.connectionVariable", m.ConnectionVariable != "" || m.Tool == Script)
	v.oneOf("database.migrations.unsafe", string(m.Unsafe), string(Refuse), string(Accept))
	v.oneOf("database.migrations.rehearsal.mode", string(m.Rehearsal.Mode), string(OnCopy), string(NoRehearsal))
	if m.Rehearsal.Mode == OnCopy {
		v.required("database.migrations.rehearsal", m.Rehearsal, "Suites")
	}
}
