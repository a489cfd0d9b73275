-- about: drops Tasks.Description
-- rolling-safe: no (v2.0 reads and writes it)

ALTER TABLE [Tasks] DROP COLUMN [Description];
GO
