-- about: adds Tasks.ExternalReference and an index to look tasks up by it
-- rolling-safe: yes (the column is nullable and v2.0 names the columns it uses)

ALTER TABLE [Tasks] ADD [ExternalReference] nvarchar(100) NULL;
GO

CREATE INDEX [IX_Tasks_TenantId_ExternalReference] ON [Tasks] ([TenantId], [ExternalReference]) WHERE [ExternalReference] IS NOT NULL;
GO
