-- about: deletes all tasks in status Draft
-- rolling-safe: no (v2.0 still creates and shows drafts; rows that users have made are lost)

UPDATE [Tasks] SET [ParentTaskId] = NULL
WHERE [ParentTaskId] IN (SELECT [Id] FROM [Tasks] WHERE [Status] = N'Draft');
GO

DELETE FROM [Tasks] WHERE [Status] = N'Draft';
GO
