// Package backup_test checks that there is a way back: a recent full backup of the
// right database, whole, that has been restored and held what the database held.
package backup_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "backup",
		About:   "There is a recent backup of the right database, and it restores.",
		Effects: []environment.Effect{environment.Write},
	})
}

func server(t *testing.T, c *suite.Check) *mssql.Server {
	t.Helper()
	s, err := mssql.OpenServer(t.Context(), suite.Env().Database)
	c.Require(err == nil, "connect to the server: %v", err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// made returns what the deployment has recorded under the name, or "" where no
// deployment runs this suite; then the newest backup is judged.
func made(name string) string {
	facts, _ := suite.Deployment()
	return facts.Values[name]
}

// backup is the server's record of the backup that is judged.
func backup(t *testing.T, c *suite.Check, s *mssql.Server) mssql.Backup {
	t.Helper()
	b, err := s.FindBackup(t.Context(), suite.Env().Database.Name, made(barq.FactBackupPath))
	c.Require(err == nil, "%v", err)
	return b
}

func TestBackupIsRecent(t *testing.T) {
	c := suite.Criterion(t, "backup.record.recent", "The server has recorded a full backup of the database that is not too old.")
	limit := suite.Env().Database.Backups.MaxAge
	c.WouldCatch("a newest full backup older than %s", limit)
	s := server(t, c)
	b := backup(t, c, s)
	now, err := s.Now(t.Context())
	c.Require(err == nil, "%v", err)
	age := now.Sub(b.Finished)
	c.EvidenceJSON("backup.json", b)
	c.Measured("age-s", age.Seconds())
	c.Measured("size-bytes", b.Bytes)
	c.Require(age <= limit, "the backup %s is %s old; expected at most %s (database.backups.maxAge)", b.Path, age.Round(time.Second), limit)
	c.Require(age > -time.Minute, "the backup %s finished %s in the future by the server's own clock", b.Path, -age.Round(time.Second))
	c.Observed(1, "backups of the right age")
}

func TestHeaderIsRight(t *testing.T) {
	c := suite.Criterion(t, "backup.header.matches", "The file says that it is an undamaged full backup, with checksums, of this database, and of the moment that the server has recorded.")
	c.WouldCatch("a backup of another database, another moment or another kind in the place of this one")
	s := server(t, c)
	b := backup(t, c, s)
	h, err := s.ReadHeader(t.Context(), b.Path)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("header.json", h)
	name := suite.Env().Database.Name
	c.Require(strings.EqualFold(h.Database, name), "the file %s holds a backup of database %s; expected %s", b.Path, h.Database, name)
	c.Require(h.Full, "the file %s holds no full backup", b.Path)
	c.Require(h.Checksums && !h.Damaged && b.Checksums && !b.Damaged, "the backup %s has checksums: %t, damage: %t; expected checksums and no damage", b.Path, h.Checksums, h.Damaged)
	c.Require(h.LastLSN == b.LastLSN, "the file %s ends at LSN %s; the server has recorded %s", b.Path, h.LastLSN, b.LastLSN)
	if recorded := made(barq.FactBackupLSN); recorded != "" {
		c.Require(h.LastLSN == recorded, "the file %s ends at LSN %s; this deployment's backup ended at %s", b.Path, h.LastLSN, recorded)
	}
	c.Observed(1, "headers")
}

func TestFileVerifies(t *testing.T) {
	c := suite.Criterion(t, "backup.file.verifies", "RESTORE VERIFYONLY WITH CHECKSUM reads the whole file and finds no damage.")
	c.WouldCatch("one damaged or missing page of the file")
	s := server(t, c)
	b := backup(t, c, s)
	err := s.VerifyBackup(t.Context(), b.Path)
	c.Require(err == nil, "%v", err)
	c.Observed(1, "files read")
}

func TestBackupRestores(t *testing.T) {
	c := suite.Criterion(t, "backup.drill.restores", "The backup was restored beside the database, is undamaged there, and holds what the database held when it was made.")
	c.Needs(len(suite.Env().Database.Critical))
	c.WouldCatch("one row lost or changed in a critical table, or damage that only a restore shows")
	var drill mssql.Drill
	if text := made(barq.FactBackupDrill); text != "" {
		require.NoError(t, json.Unmarshal([]byte(text), &drill))
		c.Require(drill.Path == made(barq.FactBackupPath), "the drill was made with %s; the backup of this deployment is %s", drill.Path, made(barq.FactBackupPath))
		moved, err := drill.Window.Explains(drill.Restored)
		c.Require(err == nil, "the restored backup does not hold what the database held: %v", err)
		c.Measured("tables-written-meanwhile", len(moved))
	} else {
		drill = ownDrill(t, c)
	}
	c.EvidenceJSON("drill.json", drill)
	for _, table := range suite.Env().Database.Critical {
		_, counted := drill.Restored.Rows[table]
		c.Require(counted, "the drill has not counted %s", table)
		c.Observed(1, "critical tables restored")
	}
}

// ownDrill restores the newest backup where no deployment has done so. Of an older
// backup nobody knows what it should hold, but not nothing where there is
// something now.
func ownDrill(t *testing.T, c *suite.Check) mssql.Drill {
	t.Helper()
	conf := suite.Env().Database
	s := server(t, c)
	b := backup(t, c, s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), conf.CommandTimeout)
		defer cancel()
		require.NoError(t, s.DropDatabase(ctx, conf.ScratchName))
	})
	drill, err := s.Drill(t.Context(), conf, b.Path, conf.ScratchName)
	c.Require(err == nil, "the backup does not restore: %v", err)
	db, err := mssql.Open(t.Context(), conf, conf.Name)
	c.Require(err == nil, "%v", err)
	now, err := db.RowCounts(t.Context(), conf.Critical)
	require.NoError(t, db.Close())
	c.Require(err == nil, "%v", err)
	for table, rows := range now {
		c.Require(rows == 0 || drill.Restored.Rows[table] > 0, "%s has no rows in the restored backup, and %d in the database", table, rows)
	}
	return drill
}
