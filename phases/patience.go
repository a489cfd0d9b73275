package phases

import "time"

// The steps below wait for one long statement or for one change of state, and have
// nothing to say meanwhile. They have all of their time before they are taken to
// hang; the others have what run.stall says.

// Patience covers the backup of a large database.
func (s backUp) Patience() time.Duration { return s.Timeout() }

// Patience covers the restore of a large database.
func (s proveBackup) Patience() time.Duration { return s.Timeout() }

// Patience covers a migration of a large table, and its taking back by a restore.
func (s applyMigrations) Patience() time.Duration { return RollbackTimeout }

// Patience covers DBCC CHECKDB.
func (s checkIntegrity) Patience() time.Duration { return s.Timeout() }

// Patience is the rollout's own time, after which the watch says what is wrong.
func (s watchRollout) Patience() time.Duration { return s.Timeout() }

// Patience covers a rollout back, which ends by its own time.
func (s setImage) Patience() time.Duration { return s.rollout + time.Minute }

// Patience covers the end of a pod and the start of its successor.
func (s replacePod) Patience() time.Duration { return s.Timeout() }
