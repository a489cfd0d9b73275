-- about: creates business calendars and service level tables with their indexes
-- rolling-safe: yes (it only adds tables)

CREATE TABLE [BusinessCalendars] (
    [Id]           uniqueidentifier NOT NULL,
    [TenantId]     uniqueidentifier NOT NULL,
    [CreatedAt]    datetime2 NOT NULL,
    [UpdatedAt]    datetime2 NULL,
    [IsDeleted]    bit NOT NULL,
    [DeletedAt]    datetime2 NULL,
    [DeletedById]  uniqueidentifier NULL,
    [CreatedBy]    uniqueidentifier NULL,
    [UpdatedBy]    uniqueidentifier NULL,
    [DeletedBy]    uniqueidentifier NULL,
    [Version]      int NOT NULL,
    [Name]         nvarchar(max) NOT NULL,
    [TimeZone]     nvarchar(max) NOT NULL,
    [WorkDayStart] time NOT NULL,
    [WorkDayEnd]   time NOT NULL,
    [WorkDays]     nvarchar(max) NOT NULL,
    [IsDefault]    bit NOT NULL,
    [IsActive]     bit NOT NULL,
    CONSTRAINT PK_BusinessCalendars PRIMARY KEY ([Id])
);
GO

CREATE TABLE [BusinessCalendarHoliday] (
    [Id]                 uniqueidentifier NOT NULL,
    [TenantId]           uniqueidentifier NOT NULL,
    [CreatedAt]          datetime2 NOT NULL,
    [UpdatedAt]          datetime2 NULL,
    [IsDeleted]          bit NOT NULL,
    [DeletedAt]          datetime2 NULL,
    [DeletedById]        uniqueidentifier NULL,
    [CreatedBy]          uniqueidentifier NULL,
    [UpdatedBy]          uniqueidentifier NULL,
    [DeletedBy]          uniqueidentifier NULL,
    [Version]            int NOT NULL,
    [BusinessCalendarId] uniqueidentifier NOT NULL,
    [Name]               nvarchar(max) NOT NULL,
    [Date]               datetime2 NOT NULL,
    [IsRecurring]        bit NOT NULL,
    CONSTRAINT PK_BusinessCalendarHoliday PRIMARY KEY ([Id]),
    CONSTRAINT FK_BusinessCalendarHoliday_BusinessCalendars_BusinessCalendarId FOREIGN KEY ([BusinessCalendarId]) REFERENCES [BusinessCalendars] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_BusinessCalendarHoliday_BusinessCalendarId] ON [BusinessCalendarHoliday] ([BusinessCalendarId]);
GO

CREATE TABLE [SlaPolicies] (
    [Id]                  uniqueidentifier NOT NULL,
    [TenantId]            uniqueidentifier NOT NULL,
    [CreatedAt]           datetime2 NOT NULL,
    [UpdatedAt]           datetime2 NULL,
    [IsDeleted]           bit NOT NULL,
    [DeletedAt]           datetime2 NULL,
    [DeletedById]         uniqueidentifier NULL,
    [CreatedBy]           uniqueidentifier NULL,
    [UpdatedBy]           uniqueidentifier NULL,
    [DeletedBy]           uniqueidentifier NULL,
    [Version]             int NOT NULL,
    [Name]                nvarchar(max) NOT NULL,
    [Description]         nvarchar(max) NOT NULL,
    [TaskType]            nvarchar(max) NOT NULL,
    [Priority]            nvarchar(max) NOT NULL,
    [ResponseTimeHours]   int NOT NULL,
    [ResolutionTimeHours] int NOT NULL,
    [BusinessCalendarId]  uniqueidentifier NULL,
    [IsActive]            bit NOT NULL,
    CONSTRAINT PK_SlaPolicies PRIMARY KEY ([Id]),
    CONSTRAINT FK_SlaPolicies_BusinessCalendars_BusinessCalendarId FOREIGN KEY ([BusinessCalendarId]) REFERENCES [BusinessCalendars] ([Id])
);
CREATE INDEX [IX_SlaPolicies_BusinessCalendarId] ON [SlaPolicies] ([BusinessCalendarId]);
GO

CREATE TABLE [EscalationRules] (
    [Id]                  uniqueidentifier NOT NULL,
    [TenantId]            uniqueidentifier NOT NULL,
    [CreatedAt]           datetime2 NOT NULL,
    [UpdatedAt]           datetime2 NULL,
    [IsDeleted]           bit NOT NULL,
    [DeletedAt]           datetime2 NULL,
    [DeletedById]         uniqueidentifier NULL,
    [CreatedBy]           uniqueidentifier NULL,
    [UpdatedBy]           uniqueidentifier NULL,
    [DeletedBy]           uniqueidentifier NULL,
    [Version]             int NOT NULL,
    [SlaPolicyId]         uniqueidentifier NOT NULL,
    [Level]               int NOT NULL,
    [TriggerAfterMinutes] int NOT NULL,
    [ActionType]          nvarchar(max) NOT NULL,
    [ActionConfig]        nvarchar(max) NOT NULL,
    [IsActive]            bit NOT NULL,
    CONSTRAINT PK_EscalationRules PRIMARY KEY ([Id]),
    CONSTRAINT FK_EscalationRules_SlaPolicies_SlaPolicyId FOREIGN KEY ([SlaPolicyId]) REFERENCES [SlaPolicies] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_EscalationRules_SlaPolicyId] ON [EscalationRules] ([SlaPolicyId]);
GO

CREATE TABLE [SlaViolations] (
    [Id]              uniqueidentifier NOT NULL,
    [TenantId]        uniqueidentifier NOT NULL,
    [CreatedAt]       datetime2 NOT NULL,
    [UpdatedAt]       datetime2 NULL,
    [IsDeleted]       bit NOT NULL,
    [DeletedAt]       datetime2 NULL,
    [DeletedById]     uniqueidentifier NULL,
    [CreatedBy]       uniqueidentifier NULL,
    [UpdatedBy]       uniqueidentifier NULL,
    [DeletedBy]       uniqueidentifier NULL,
    [Version]         int NOT NULL,
    [SlaPolicyId]     uniqueidentifier NOT NULL,
    [TaskId]          uniqueidentifier NOT NULL,
    [ViolationType]   nvarchar(32) NOT NULL,
    [ViolationTime]   datetime2 NOT NULL,
    [ResolvedTime]    datetime2 NULL,
    [Status]          nvarchar(32) NOT NULL,
    [Resolution]      nvarchar(max) NULL,
    [EscalationLevel] int NOT NULL,
    CONSTRAINT PK_SlaViolations PRIMARY KEY ([Id]),
    CONSTRAINT FK_SlaViolations_SlaPolicies_SlaPolicyId FOREIGN KEY ([SlaPolicyId]) REFERENCES [SlaPolicies] ([Id]),
    CONSTRAINT FK_SlaViolations_Tasks_TaskId FOREIGN KEY ([TaskId]) REFERENCES [Tasks] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_SlaViolations_SlaPolicyId] ON [SlaViolations] ([SlaPolicyId]);
CREATE INDEX [IX_SlaViolations_TaskId] ON [SlaViolations] ([TaskId]);
CREATE INDEX [IX_SlaViolations_TenantId_EscalationLevel] ON [SlaViolations] ([TenantId], [EscalationLevel]);
CREATE INDEX [IX_SlaViolations_TenantId_SlaPolicyId] ON [SlaViolations] ([TenantId], [SlaPolicyId]);
CREATE INDEX [IX_SlaViolations_TenantId_Status] ON [SlaViolations] ([TenantId], [Status]);
CREATE INDEX [IX_SlaViolations_TenantId_ViolationType] ON [SlaViolations] ([TenantId], [ViolationType]);
GO

CREATE TABLE [EscalationActions] (
    [Id]               uniqueidentifier NOT NULL,
    [TenantId]         uniqueidentifier NOT NULL,
    [CreatedAt]        datetime2 NOT NULL,
    [UpdatedAt]        datetime2 NULL,
    [IsDeleted]        bit NOT NULL,
    [DeletedAt]        datetime2 NULL,
    [DeletedById]      uniqueidentifier NULL,
    [CreatedBy]        uniqueidentifier NULL,
    [UpdatedBy]        uniqueidentifier NULL,
    [DeletedBy]        uniqueidentifier NULL,
    [Version]          int NOT NULL,
    [SlaViolationId]   uniqueidentifier NOT NULL,
    [EscalationRuleId] uniqueidentifier NULL,
    [ActionType]       nvarchar(32) NOT NULL,
    [ActionConfig]     nvarchar(max) NOT NULL,
    [ExecutedAt]       datetime2 NOT NULL,
    [Status]           nvarchar(32) NOT NULL,
    [Result]           nvarchar(max) NULL,
    [ErrorMessage]     nvarchar(max) NULL,
    [RetryCount]       int NOT NULL,
    [NextRetryAt]      datetime2 NULL,
    CONSTRAINT PK_EscalationActions PRIMARY KEY ([Id]),
    CONSTRAINT FK_EscalationActions_EscalationRules_EscalationRuleId FOREIGN KEY ([EscalationRuleId]) REFERENCES [EscalationRules] ([Id]),
    CONSTRAINT FK_EscalationActions_SlaViolations_SlaViolationId FOREIGN KEY ([SlaViolationId]) REFERENCES [SlaViolations] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_EscalationActions_EscalationRuleId] ON [EscalationActions] ([EscalationRuleId]);
CREATE INDEX [IX_EscalationActions_SlaViolationId] ON [EscalationActions] ([SlaViolationId]);
CREATE INDEX [IX_EscalationActions_TenantId_NextRetryAt] ON [EscalationActions] ([TenantId], [NextRetryAt]);
CREATE INDEX [IX_EscalationActions_TenantId_SlaViolationId] ON [EscalationActions] ([TenantId], [SlaViolationId]);
CREATE INDEX [IX_EscalationActions_TenantId_Status] ON [EscalationActions] ([TenantId], [Status]);
GO
