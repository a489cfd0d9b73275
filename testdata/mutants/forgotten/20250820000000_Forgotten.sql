-- about: stands between two applied migrations and is not applied

CREATE TABLE [Forgotten] ([Id] int NOT NULL PRIMARY KEY);
GO
