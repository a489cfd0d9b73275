-- about: creates projects, tasks, files, auditing, AI, workflow, billing and notification tables
-- rolling-safe: yes (it only adds tables)
--
-- Cascade paths that SQL Server refuses with error 1785 are NO ACTION: the
-- user's of FileAttachmentAccesses and FileQuarantines, the tenant's of Invoices,
-- Tasks.CreatedBy and Projects.OwnerId.

CREATE TABLE [Projects] (
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
    [Name]               nvarchar(255) NOT NULL,
    [Description]        nvarchar(2000) NULL,
    [Status]             nvarchar(50) NOT NULL,
    [Priority]           nvarchar(50) NOT NULL,
    [OwnerId]            uniqueidentifier NULL,
    [StartDate]          datetime2 NULL,
    [EndDate]            datetime2 NULL,
    [ActualStartDate]    datetime2 NULL,
    [ActualEndDate]      datetime2 NULL,
    [Budget]             decimal(18, 2) NOT NULL,
    [ActualCost]         decimal(18, 2) NOT NULL,
    [ProgressPercentage] decimal(18, 2) NOT NULL,
    [Objectives]         nvarchar(1000) NULL,
    [Scope]              nvarchar(2000) NULL,
    [Deliverables]       nvarchar(1000) NULL,
    [Stakeholders]       nvarchar(1000) NULL,
    [Risks]              nvarchar(1000) NULL,
    [Tags]               nvarchar(1000) NULL,
    [IsTemplate]         bit NOT NULL,
    [TemplateId]         uniqueidentifier NULL,
    CONSTRAINT PK_Projects PRIMARY KEY ([Id]),
    CONSTRAINT FK_Projects_AspNetUsers_OwnerId FOREIGN KEY ([OwnerId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_Projects_Projects_TemplateId FOREIGN KEY ([TemplateId]) REFERENCES [Projects] ([Id]),
    CONSTRAINT FK_Projects_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [IX_Projects_IsTemplate] ON [Projects] ([IsTemplate]);
CREATE INDEX [IX_Projects_OwnerId] ON [Projects] ([OwnerId]);
CREATE INDEX [IX_Projects_TemplateId] ON [Projects] ([TemplateId]);
CREATE INDEX [IX_Projects_TenantId_OwnerId] ON [Projects] ([TenantId], [OwnerId]);
CREATE INDEX [IX_Projects_TenantId_Status] ON [Projects] ([TenantId], [Status]);
GO

CREATE TABLE [Tasks] (
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
    [Name]               nvarchar(255) NOT NULL,
    [Description]        nvarchar(2000) NULL,
    [Status]             nvarchar(50) NOT NULL,
    [Priority]           nvarchar(50) NOT NULL,
    [TaskType]           nvarchar(100) NOT NULL,
    [AssignedToId]       uniqueidentifier NULL,
    [ProjectId]          uniqueidentifier NULL,
    [ParentTaskId]       uniqueidentifier NULL,
    [DueDate]            datetime2 NULL,
    [StartDate]          datetime2 NULL,
    [CompletedDate]      datetime2 NULL,
    [EstimatedHours]     int NOT NULL,
    [ActualHours]        int NOT NULL,
    [ProgressPercentage] decimal(18, 2) NOT NULL,
    [Requirements]       nvarchar(2000) NULL,
    [AcceptanceCriteria] nvarchar(2000) NULL,
    [Notes]              nvarchar(max) NULL,
    [Tags]               nvarchar(1000) NULL,
    [IsRecurring]        bit NOT NULL,
    [RecurrencePattern]  nvarchar(500) NULL,
    CONSTRAINT PK_Tasks PRIMARY KEY ([Id]),
    CONSTRAINT FK_Tasks_AspNetUsers_AssignedToId FOREIGN KEY ([AssignedToId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE SET NULL,
    CONSTRAINT FK_Tasks_AspNetUsers_CreatedBy FOREIGN KEY ([CreatedBy]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_Tasks_Projects_ProjectId FOREIGN KEY ([ProjectId]) REFERENCES [Projects] ([Id]) ON DELETE SET NULL,
    CONSTRAINT FK_Tasks_Tasks_ParentTaskId FOREIGN KEY ([ParentTaskId]) REFERENCES [Tasks] ([Id]),
    CONSTRAINT FK_Tasks_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [IX_Tasks_AssignedToId] ON [Tasks] ([AssignedToId]);
CREATE INDEX [IX_Tasks_CreatedBy] ON [Tasks] ([CreatedBy]);
CREATE INDEX [IX_Tasks_DueDate] ON [Tasks] ([DueDate]);
CREATE INDEX [IX_Tasks_ParentTaskId] ON [Tasks] ([ParentTaskId]);
CREATE INDEX [IX_Tasks_ProjectId] ON [Tasks] ([ProjectId]);
CREATE INDEX [IX_Tasks_TenantId_AssignedToId] ON [Tasks] ([TenantId], [AssignedToId]);
CREATE INDEX [IX_Tasks_TenantId_Priority] ON [Tasks] ([TenantId], [Priority]);
CREATE INDEX [IX_Tasks_TenantId_Status] ON [Tasks] ([TenantId], [Status]);
GO

CREATE TABLE [FileAttachments] (
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
    [FileName]         nvarchar(255) NOT NULL,
    [OriginalFileName] nvarchar(255) NOT NULL,
    [ContentType]      nvarchar(100) NOT NULL,
    [FileSize]         bigint NOT NULL,
    [StoragePath]      nvarchar(500) NOT NULL,
    [FileHash]         nvarchar(64) NULL,
    [UploadedBy]       uniqueidentifier NOT NULL,
    [Status]           nvarchar(50) NOT NULL,
    [ScanResult]       nvarchar(50) NULL,
    [ScanCompletedAt]  datetime2 NULL,
    [ScanDetails]      nvarchar(1000) NULL,
    [IsPublic]         bit NOT NULL,
    [ExpiresAt]        datetime2 NULL,
    [Metadata]         nvarchar(2000) NULL,
    [ThumbnailPath]    nvarchar(500) NULL,
    [PreviewPath]      nvarchar(500) NULL,
    [UploadedByUserId] uniqueidentifier NOT NULL,
    CONSTRAINT PK_FileAttachments PRIMARY KEY ([Id]),
    CONSTRAINT FK_FileAttachments_AspNetUsers_UploadedByUserId FOREIGN KEY ([UploadedByUserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_FileAttachments_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_FileAttachments_TenantId] ON [FileAttachments] ([TenantId]);
CREATE INDEX [IX_FileAttachments_UploadedByUserId] ON [FileAttachments] ([UploadedByUserId]);
GO

CREATE TABLE [FileAttachmentAccesses] (
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
    [FileAttachmentId] uniqueidentifier NOT NULL,
    [UserId]           uniqueidentifier NOT NULL,
    [AccessType]       nvarchar(50) NOT NULL,
    [AccessedAt]       datetime2 NOT NULL,
    [IpAddress]        nvarchar(45) NULL,
    [UserAgent]        nvarchar(500) NULL,
    [AccessDetails]    nvarchar(1000) NULL,
    CONSTRAINT PK_FileAttachmentAccesses PRIMARY KEY ([Id]),
    CONSTRAINT FK_FileAttachmentAccesses_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_FileAttachmentAccesses_FileAttachments_FileAttachmentId FOREIGN KEY ([FileAttachmentId]) REFERENCES [FileAttachments] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_FileAttachmentAccesses_FileAttachmentId] ON [FileAttachmentAccesses] ([FileAttachmentId]);
CREATE INDEX [IX_FileAttachmentAccesses_UserId] ON [FileAttachmentAccesses] ([UserId]);
GO

CREATE TABLE [FileQuarantines] (
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
    [FileAttachmentId]    uniqueidentifier NOT NULL,
    [Reason]              nvarchar(100) NOT NULL,
    [Details]             nvarchar(2000) NULL,
    [QuarantinedBy]       uniqueidentifier NOT NULL,
    [QuarantinedAt]       datetime2 NOT NULL,
    [ReviewedAt]          datetime2 NULL,
    [ReviewedBy]          uniqueidentifier NULL,
    [Status]              nvarchar(50) NOT NULL,
    [ReviewNotes]         nvarchar(1000) NULL,
    [QuarantinedByUserId] uniqueidentifier NOT NULL,
    [ReviewedByUserId]    uniqueidentifier NULL,
    CONSTRAINT PK_FileQuarantines PRIMARY KEY ([Id]),
    CONSTRAINT FK_FileQuarantines_AspNetUsers_QuarantinedByUserId FOREIGN KEY ([QuarantinedByUserId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_FileQuarantines_AspNetUsers_ReviewedByUserId FOREIGN KEY ([ReviewedByUserId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_FileQuarantines_FileAttachments_FileAttachmentId FOREIGN KEY ([FileAttachmentId]) REFERENCES [FileAttachments] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_FileQuarantines_FileAttachmentId] ON [FileQuarantines] ([FileAttachmentId]);
CREATE INDEX [IX_FileQuarantines_QuarantinedByUserId] ON [FileQuarantines] ([QuarantinedByUserId]);
CREATE INDEX [IX_FileQuarantines_ReviewedByUserId] ON [FileQuarantines] ([ReviewedByUserId]);
GO

CREATE TABLE [AuditLogs] (
    [Id]             uniqueidentifier NOT NULL,
    [TenantId]       uniqueidentifier NOT NULL,
    [CreatedAt]      datetime2 NOT NULL,
    [UpdatedAt]      datetime2 NULL,
    [IsDeleted]      bit NOT NULL,
    [DeletedAt]      datetime2 NULL,
    [DeletedById]    uniqueidentifier NULL,
    [CreatedBy]      uniqueidentifier NULL,
    [UpdatedBy]      uniqueidentifier NULL,
    [DeletedBy]      uniqueidentifier NULL,
    [Version]        int NOT NULL,
    [EntityType]     nvarchar(100) NOT NULL,
    [EntityId]       uniqueidentifier NOT NULL,
    [Action]         nvarchar(50) NOT NULL,
    [TableName]      nvarchar(100) NULL,
    [FieldName]      nvarchar(100) NULL,
    [OldValue]       nvarchar(max) NULL,
    [NewValue]       nvarchar(max) NULL,
    [UserId]         uniqueidentifier NULL,
    [UserName]       nvarchar(255) NULL,
    [IpAddress]      nvarchar(100) NULL,
    [UserAgent]      nvarchar(500) NULL,
    [AdditionalData] nvarchar(2000) NULL,
    [Timestamp]      datetime2 NOT NULL,
    CONSTRAINT PK_AuditLogs PRIMARY KEY ([Id]),
    CONSTRAINT FK_AuditLogs_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_AuditLogs_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_AuditLogs_TenantId] ON [AuditLogs] ([TenantId]);
CREATE INDEX [IX_AuditLogs_UserId] ON [AuditLogs] ([UserId]);
GO

CREATE TABLE [AuditReports] (
    [Id]                uniqueidentifier NOT NULL,
    [TenantId]          uniqueidentifier NOT NULL,
    [CreatedAt]         datetime2 NOT NULL,
    [UpdatedAt]         datetime2 NULL,
    [IsDeleted]         bit NOT NULL,
    [DeletedAt]         datetime2 NULL,
    [DeletedById]       uniqueidentifier NULL,
    [CreatedBy]         uniqueidentifier NULL,
    [UpdatedBy]         uniqueidentifier NULL,
    [DeletedBy]         uniqueidentifier NULL,
    [Version]           int NOT NULL,
    [Name]              nvarchar(200) NOT NULL,
    [Description]       nvarchar(1000) NULL,
    [GeneratedBy]       uniqueidentifier NOT NULL,
    [GeneratedAt]       datetime2 NOT NULL,
    [StartDate]         datetime2 NOT NULL,
    [EndDate]           datetime2 NOT NULL,
    [Status]            nvarchar(50) NOT NULL,
    [FilePath]          nvarchar(500) NULL,
    [Format]            nvarchar(100) NOT NULL,
    [Filters]           nvarchar(2000) NULL,
    [FileSizeBytes]     bigint NULL,
    [ErrorMessage]      nvarchar(1000) NULL,
    [CompletedAt]       datetime2 NULL,
    [ExpiresAt]         datetime2 NULL,
    [IsScheduled]       bit NOT NULL,
    [ScheduleCron]      nvarchar(100) NULL,
    [NextRunAt]         datetime2 NULL,
    [GeneratedByUserId] uniqueidentifier NOT NULL,
    [ReportTemplateId]  uniqueidentifier NULL,
    CONSTRAINT PK_AuditReports PRIMARY KEY ([Id]),
    CONSTRAINT FK_AuditReports_AspNetUsers_GeneratedByUserId FOREIGN KEY ([GeneratedByUserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_AuditReports_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_AuditReports_GeneratedByUserId] ON [AuditReports] ([GeneratedByUserId]);
CREATE INDEX [IX_AuditReports_TenantId] ON [AuditReports] ([TenantId]);
GO

CREATE TABLE [AIProviders] (
    [Id]                    uniqueidentifier NOT NULL,
    [TenantId]              uniqueidentifier NOT NULL,
    [CreatedAt]             datetime2 NOT NULL,
    [UpdatedAt]             datetime2 NULL,
    [IsDeleted]             bit NOT NULL,
    [DeletedAt]             datetime2 NULL,
    [DeletedById]           uniqueidentifier NULL,
    [CreatedBy]             uniqueidentifier NULL,
    [UpdatedBy]             uniqueidentifier NULL,
    [DeletedBy]             uniqueidentifier NULL,
    [Name]                  nvarchar(255) NOT NULL,
    [Description]           nvarchar(1000) NULL,
    [ProviderType]          nvarchar(100) NOT NULL,
    [ApiEndpoint]           nvarchar(1000) NOT NULL,
    [ApiKey]                nvarchar(500) NULL,
    [Configuration]         nvarchar(2000) NULL,
    [IsActive]              bit NOT NULL,
    [IsDefault]             bit NOT NULL,
    [Priority]              int NOT NULL,
    [MaxConcurrentRequests] int NOT NULL,
    [TimeoutSeconds]        int NOT NULL,
    [Version]               nvarchar(100) NULL,
    [LastHealthCheck]       datetime2 NULL,
    [IsHealthy]             bit NOT NULL,
    [HealthCheckMessage]    nvarchar(1000) NULL,
    CONSTRAINT PK_AIProviders PRIMARY KEY ([Id]),
    CONSTRAINT FK_AIProviders_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [IX_AIProviders_IsActive] ON [AIProviders] ([IsActive]);
CREATE INDEX [IX_AIProviders_IsDefault] ON [AIProviders] ([IsDefault]);
CREATE UNIQUE INDEX [IX_AIProviders_TenantId_Name] ON [AIProviders] ([TenantId], [Name]);
GO

CREATE TABLE [AIAgents] (
    [Id]             uniqueidentifier NOT NULL,
    [TenantId]       uniqueidentifier NOT NULL,
    [CreatedAt]      datetime2 NOT NULL,
    [UpdatedAt]      datetime2 NULL,
    [IsDeleted]      bit NOT NULL,
    [DeletedAt]      datetime2 NULL,
    [DeletedById]    uniqueidentifier NULL,
    [CreatedBy]      uniqueidentifier NULL,
    [UpdatedBy]      uniqueidentifier NULL,
    [DeletedBy]      uniqueidentifier NULL,
    [Version]        int NOT NULL,
    [Name]           nvarchar(255) NOT NULL,
    [Description]    nvarchar(1000) NULL,
    [ProviderId]     uniqueidentifier NOT NULL,
    [AgentType]      nvarchar(100) NOT NULL,
    [Configuration]  nvarchar(2000) NULL,
    [SystemPrompt]   nvarchar(max) NULL,
    [IsActive]       bit NOT NULL,
    [IsDefault]      bit NOT NULL,
    [Priority]       int NOT NULL,
    [CostPerRequest] decimal(18, 2) NULL,
    [Model]          nvarchar(100) NULL,
    [MaxTokens]      int NOT NULL,
    [Temperature]    decimal(18, 2) NOT NULL,
    [Capabilities]   nvarchar(1000) NULL,
    CONSTRAINT PK_AIAgents PRIMARY KEY ([Id]),
    CONSTRAINT FK_AIAgents_AIProviders_ProviderId FOREIGN KEY ([ProviderId]) REFERENCES [AIProviders] ([Id]),
    CONSTRAINT FK_AIAgents_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [IX_AIAgents_AgentType] ON [AIAgents] ([AgentType]);
CREATE INDEX [IX_AIAgents_IsActive] ON [AIAgents] ([IsActive]);
CREATE INDEX [IX_AIAgents_ProviderId] ON [AIAgents] ([ProviderId]);
CREATE UNIQUE INDEX [IX_AIAgents_TenantId_Name] ON [AIAgents] ([TenantId], [Name]);
GO

CREATE TABLE [TaskExecutions] (
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
    [TaskId]          uniqueidentifier NOT NULL,
    [AgentId]         uniqueidentifier NULL,
    [ProviderId]      uniqueidentifier NULL,
    [Status]          nvarchar(50) NOT NULL,
    [StartedAt]       datetime2 NULL,
    [CompletedAt]     datetime2 NULL,
    [Input]           nvarchar(max) NULL,
    [Output]          nvarchar(max) NULL,
    [ErrorMessage]    nvarchar(2000) NULL,
    [ExecutionTimeMs] int NOT NULL,
    [Cost]            decimal(18, 2) NULL,
    [TokensUsed]      int NOT NULL,
    [InputTokens]     int NOT NULL,
    [OutputTokens]    int NOT NULL,
    [Model]           nvarchar(100) NULL,
    [Metadata]        nvarchar(2000) NULL,
    [RetryCount]      int NOT NULL,
    [IsSuccessful]    bit NOT NULL,
    CONSTRAINT PK_TaskExecutions PRIMARY KEY ([Id]),
    CONSTRAINT FK_TaskExecutions_AIAgents_AgentId FOREIGN KEY ([AgentId]) REFERENCES [AIAgents] ([Id]),
    CONSTRAINT FK_TaskExecutions_AIProviders_ProviderId FOREIGN KEY ([ProviderId]) REFERENCES [AIProviders] ([Id]),
    CONSTRAINT FK_TaskExecutions_Tasks_TaskId FOREIGN KEY ([TaskId]) REFERENCES [Tasks] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_TaskExecutions_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_TaskExecutions_AgentId] ON [TaskExecutions] ([AgentId]);
CREATE INDEX [IX_TaskExecutions_ProviderId] ON [TaskExecutions] ([ProviderId]);
CREATE INDEX [IX_TaskExecutions_TaskId] ON [TaskExecutions] ([TaskId]);
CREATE INDEX [IX_TaskExecutions_TenantId] ON [TaskExecutions] ([TenantId]);
GO

CREATE TABLE [Workflows] (
    [Id]                   uniqueidentifier NOT NULL,
    [TenantId]             uniqueidentifier NOT NULL,
    [CreatedAt]            datetime2 NOT NULL,
    [UpdatedAt]            datetime2 NULL,
    [IsDeleted]            bit NOT NULL,
    [DeletedAt]            datetime2 NULL,
    [DeletedById]          uniqueidentifier NULL,
    [CreatedBy]            uniqueidentifier NULL,
    [UpdatedBy]            uniqueidentifier NULL,
    [DeletedBy]            uniqueidentifier NULL,
    [Name]                 nvarchar(255) NOT NULL,
    [Description]          nvarchar(1000) NULL,
    [WorkflowType]         nvarchar(100) NOT NULL,
    [Category]             nvarchar(100) NOT NULL,
    [ProcessDefinition]    nvarchar(max) NOT NULL,
    [ProcessDefinitionKey] nvarchar(255) NULL,
    [Version]              nvarchar(100) NULL,
    [IsActive]             bit NOT NULL,
    [IsDefault]            bit NOT NULL,
    [Configuration]        nvarchar(2000) NULL,
    [TriggerConditions]    nvarchar(1000) NULL,
    [Priority]             int NOT NULL,
    [TimeoutMinutes]       int NOT NULL,
    [Tags]                 nvarchar(1000) NULL,
    [ExecutionCount]       int NOT NULL,
    [LastExecuted]         datetime2 NULL,
    CONSTRAINT PK_Workflows PRIMARY KEY ([Id]),
    CONSTRAINT FK_Workflows_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [IX_Workflows_IsActive] ON [Workflows] ([IsActive]);
CREATE INDEX [IX_Workflows_ProcessDefinitionKey] ON [Workflows] ([ProcessDefinitionKey]);
CREATE INDEX [IX_Workflows_TenantId_WorkflowType] ON [Workflows] ([TenantId], [WorkflowType]);
GO

CREATE TABLE [WorkflowInstances] (
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
    [WorkflowId]         uniqueidentifier NOT NULL,
    [ProcessInstanceId]  nvarchar(255) NULL,
    [Status]             nvarchar(50) NOT NULL,
    [StartedAt]          datetime2 NULL,
    [CompletedAt]        datetime2 NULL,
    [Input]              nvarchar(2000) NULL,
    [Output]             nvarchar(max) NULL,
    [ErrorMessage]       nvarchar(2000) NULL,
    [InitiatedById]      uniqueidentifier NULL,
    [CurrentAssigneeId]  uniqueidentifier NULL,
    [CurrentStep]        nvarchar(100) NULL,
    [ProgressPercentage] decimal(18, 2) NOT NULL,
    [Priority]           nvarchar(50) NULL,
    [Variables]          nvarchar(2000) NULL,
    [Metadata]           nvarchar(2000) NULL,
    [IsSuccessful]       bit NOT NULL,
    CONSTRAINT PK_WorkflowInstances PRIMARY KEY ([Id]),
    CONSTRAINT FK_WorkflowInstances_AspNetUsers_CurrentAssigneeId FOREIGN KEY ([CurrentAssigneeId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_WorkflowInstances_AspNetUsers_InitiatedById FOREIGN KEY ([InitiatedById]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_WorkflowInstances_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_WorkflowInstances_Workflows_WorkflowId FOREIGN KEY ([WorkflowId]) REFERENCES [Workflows] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_WorkflowInstances_CurrentAssigneeId] ON [WorkflowInstances] ([CurrentAssigneeId]);
CREATE INDEX [IX_WorkflowInstances_InitiatedById] ON [WorkflowInstances] ([InitiatedById]);
CREATE INDEX [IX_WorkflowInstances_TenantId] ON [WorkflowInstances] ([TenantId]);
CREATE INDEX [IX_WorkflowInstances_WorkflowId] ON [WorkflowInstances] ([WorkflowId]);
GO

CREATE TABLE [BillingPlans] (
    [Id]                    uniqueidentifier NOT NULL,
    [TenantId]              uniqueidentifier NOT NULL,
    [CreatedAt]             datetime2 NOT NULL,
    [UpdatedAt]             datetime2 NULL,
    [IsDeleted]             bit NOT NULL,
    [DeletedAt]             datetime2 NULL,
    [DeletedById]           uniqueidentifier NULL,
    [CreatedBy]             uniqueidentifier NULL,
    [UpdatedBy]             uniqueidentifier NULL,
    [DeletedBy]             uniqueidentifier NULL,
    [Version]               int NOT NULL,
    [Name]                  nvarchar(100) NOT NULL,
    [Description]           nvarchar(500) NULL,
    [Price]                 decimal(18, 2) NOT NULL,
    [BillingCycle]          nvarchar(20) NOT NULL,
    [PlanType]              nvarchar(20) NOT NULL,
    [IsActive]              bit NOT NULL,
    [IsPublic]              bit NOT NULL,
    [MaxUsers]              int NOT NULL,
    [MaxProjects]           int NOT NULL,
    [MaxTasks]              int NOT NULL,
    [MaxStorageBytes]       bigint NOT NULL,
    [MaxAPICallsPerMonth]   int NOT NULL,
    [MaxWorkflowExecutions] int NOT NULL,
    [Features]              nvarchar(2000) NULL,
    [TrialDays]             int NOT NULL,
    [RequiresCreditCard]    bit NOT NULL,
    [SortOrder]             int NOT NULL,
    [StripeProductId]       nvarchar(50) NULL,
    [StripePriceId]         nvarchar(50) NULL,
    CONSTRAINT PK_BillingPlans PRIMARY KEY ([Id])
);
GO

CREATE TABLE [TenantSubscriptions] (
    [Id]                    uniqueidentifier NOT NULL,
    [TenantId]              uniqueidentifier NOT NULL,
    [CreatedAt]             datetime2 NOT NULL,
    [UpdatedAt]             datetime2 NULL,
    [IsDeleted]             bit NOT NULL,
    [DeletedAt]             datetime2 NULL,
    [DeletedById]           uniqueidentifier NULL,
    [CreatedBy]             uniqueidentifier NULL,
    [UpdatedBy]             uniqueidentifier NULL,
    [DeletedBy]             uniqueidentifier NULL,
    [Version]               int NOT NULL,
    [BillingPlanId]         uniqueidentifier NOT NULL,
    [Status]                nvarchar(20) NOT NULL,
    [StartDate]             datetime2 NOT NULL,
    [EndDate]               datetime2 NULL,
    [TrialEndDate]          datetime2 NULL,
    [CancelledAt]           datetime2 NULL,
    [CancellationReason]    nvarchar(500) NULL,
    [AutoRenew]             bit NOT NULL,
    [NextBillingDate]       datetime2 NOT NULL,
    [CurrentPrice]          decimal(18, 2) NOT NULL,
    [StripeSubscriptionId]  nvarchar(50) NULL,
    [StripeCustomerId]      nvarchar(50) NULL,
    [Metadata]              nvarchar(1000) NULL,
    [IsGrandfathered]       bit NOT NULL,
    [LastPaymentDate]       datetime2 NULL,
    [NextPaymentAttempt]    datetime2 NULL,
    [FailedPaymentAttempts] int NOT NULL,
    CONSTRAINT PK_TenantSubscriptions PRIMARY KEY ([Id]),
    CONSTRAINT FK_TenantSubscriptions_BillingPlans_BillingPlanId FOREIGN KEY ([BillingPlanId]) REFERENCES [BillingPlans] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_TenantSubscriptions_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_TenantSubscriptions_BillingPlanId] ON [TenantSubscriptions] ([BillingPlanId]);
CREATE INDEX [IX_TenantSubscriptions_TenantId] ON [TenantSubscriptions] ([TenantId]);
GO

CREATE TABLE [UsageQuotas] (
    [Id]                     uniqueidentifier NOT NULL,
    [TenantId]               uniqueidentifier NOT NULL,
    [CreatedAt]              datetime2 NOT NULL,
    [UpdatedAt]              datetime2 NULL,
    [IsDeleted]              bit NOT NULL,
    [DeletedAt]              datetime2 NULL,
    [DeletedById]            uniqueidentifier NULL,
    [CreatedBy]              uniqueidentifier NULL,
    [UpdatedBy]              uniqueidentifier NULL,
    [DeletedBy]              uniqueidentifier NULL,
    [Version]                int NOT NULL,
    [BillingPlanId]          uniqueidentifier NULL,
    [QuotaType]              nvarchar(50) NOT NULL,
    [QuotaLimit]             bigint NOT NULL,
    [CurrentUsage]           bigint NOT NULL,
    [ResetPeriod]            nvarchar(20) NOT NULL,
    [LastResetDate]          datetime2 NULL,
    [NextResetDate]          datetime2 NULL,
    [IsHardLimit]            bit NOT NULL,
    [OverageRate]            decimal(18, 2) NULL,
    [SendWarningAt80Percent] bit NOT NULL,
    [SendWarningAt95Percent] bit NOT NULL,
    [IsActive]               bit NOT NULL,
    [Description]            nvarchar(500) NULL,
    CONSTRAINT PK_UsageQuotas PRIMARY KEY ([Id]),
    CONSTRAINT FK_UsageQuotas_BillingPlans_BillingPlanId FOREIGN KEY ([BillingPlanId]) REFERENCES [BillingPlans] ([Id]),
    CONSTRAINT FK_UsageQuotas_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_UsageQuotas_BillingPlanId] ON [UsageQuotas] ([BillingPlanId]);
CREATE INDEX [IX_UsageQuotas_TenantId] ON [UsageQuotas] ([TenantId]);
GO

CREATE TABLE [UsageRecords] (
    [Id]             uniqueidentifier NOT NULL,
    [TenantId]       uniqueidentifier NOT NULL,
    [CreatedAt]      datetime2 NOT NULL,
    [UpdatedAt]      datetime2 NULL,
    [IsDeleted]      bit NOT NULL,
    [DeletedAt]      datetime2 NULL,
    [DeletedById]    uniqueidentifier NULL,
    [CreatedBy]      uniqueidentifier NULL,
    [UpdatedBy]      uniqueidentifier NULL,
    [DeletedBy]      uniqueidentifier NULL,
    [Version]        int NOT NULL,
    [SubscriptionId] uniqueidentifier NULL,
    [QuotaId]        uniqueidentifier NULL,
    [UsageType]      nvarchar(50) NOT NULL,
    [Quantity]       bigint NOT NULL,
    [RecordedAt]     datetime2 NOT NULL,
    [EntityId]       nvarchar(100) NULL,
    [EntityType]     nvarchar(50) NULL,
    [Metadata]       nvarchar(1000) NULL,
    [Cost]           decimal(18, 2) NULL,
    [IsBillable]     bit NOT NULL,
    [BillingPeriod]  nvarchar(20) NOT NULL,
    [IsProcessed]    bit NOT NULL,
    CONSTRAINT PK_UsageRecords PRIMARY KEY ([Id]),
    CONSTRAINT FK_UsageRecords_TenantSubscriptions_SubscriptionId FOREIGN KEY ([SubscriptionId]) REFERENCES [TenantSubscriptions] ([Id]),
    CONSTRAINT FK_UsageRecords_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_UsageRecords_UsageQuotas_QuotaId FOREIGN KEY ([QuotaId]) REFERENCES [UsageQuotas] ([Id])
);
CREATE INDEX [IX_UsageRecords_QuotaId] ON [UsageRecords] ([QuotaId]);
CREATE INDEX [IX_UsageRecords_SubscriptionId] ON [UsageRecords] ([SubscriptionId]);
CREATE INDEX [IX_UsageRecords_TenantId] ON [UsageRecords] ([TenantId]);
GO

CREATE TABLE [Notifications] (
    [Id]                uniqueidentifier NOT NULL,
    [TenantId]          uniqueidentifier NOT NULL,
    [CreatedAt]         datetime2 NOT NULL,
    [UpdatedAt]         datetime2 NULL,
    [IsDeleted]         bit NOT NULL,
    [DeletedAt]         datetime2 NULL,
    [DeletedById]       uniqueidentifier NULL,
    [CreatedBy]         uniqueidentifier NULL,
    [UpdatedBy]         uniqueidentifier NULL,
    [DeletedBy]         uniqueidentifier NULL,
    [Version]           int NOT NULL,
    [UserId]            uniqueidentifier NOT NULL,
    [Title]             nvarchar(255) NOT NULL,
    [Message]           nvarchar(2000) NOT NULL,
    [Type]              nvarchar(50) NOT NULL,
    [Priority]          nvarchar(50) NOT NULL,
    [Category]          nvarchar(100) NULL,
    [RelatedEntityId]   uniqueidentifier NULL,
    [RelatedEntityType] nvarchar(100) NULL,
    [IsRead]            bit NOT NULL,
    [ReadAt]            datetime2 NULL,
    [IsEmailSent]       bit NOT NULL,
    [EmailSentAt]       datetime2 NULL,
    [ActionUrl]         nvarchar(1000) NULL,
    [ActionText]        nvarchar(100) NULL,
    [Metadata]          nvarchar(2000) NULL,
    [ExpiryDate]        datetime2 NULL,
    [RequiresAction]    bit NOT NULL,
    [ActionData]        nvarchar(max) NULL,
    [SourceEntity]      nvarchar(100) NULL,
    [SourceEntityId]    nvarchar(max) NULL,
    CONSTRAINT PK_Notifications PRIMARY KEY ([Id]),
    CONSTRAINT FK_Notifications_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_Notifications_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_Notifications_TenantId] ON [Notifications] ([TenantId]);
CREATE INDEX [IX_Notifications_UserId] ON [Notifications] ([UserId]);
GO

CREATE TABLE [NotificationPreferences] (
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
    [UserId]           uniqueidentifier NOT NULL,
    [NotificationType] nvarchar(100) NOT NULL,
    [Channel]          nvarchar(50) NOT NULL,
    [IsEnabled]        bit NOT NULL,
    [Settings]         nvarchar(max) NULL,
    CONSTRAINT PK_NotificationPreferences PRIMARY KEY ([Id]),
    CONSTRAINT FK_NotificationPreferences_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_NotificationPreferences_UserId] ON [NotificationPreferences] ([UserId]);
GO

CREATE TABLE [SystemHealth] (
    [Id]                     uniqueidentifier NOT NULL,
    [TenantId]               uniqueidentifier NOT NULL,
    [CreatedAt]              datetime2 NOT NULL,
    [UpdatedAt]              datetime2 NULL,
    [IsDeleted]              bit NOT NULL,
    [DeletedAt]              datetime2 NULL,
    [DeletedById]            uniqueidentifier NULL,
    [CreatedBy]              uniqueidentifier NULL,
    [UpdatedBy]              uniqueidentifier NULL,
    [DeletedBy]              uniqueidentifier NULL,
    [Component]              nvarchar(100) NOT NULL,
    [Status]                 nvarchar(50) NOT NULL,
    [StatusMessage]          nvarchar(1000) NULL,
    [CheckedAt]              datetime2 NOT NULL,
    [ResponseTimeMs]         bigint NOT NULL,
    [Details]                nvarchar(2000) NULL,
    [Version]                nvarchar(100) NULL,
    [IsEnabled]              bit NOT NULL,
    [CheckIntervalSeconds]   int NOT NULL,
    [LastHealthyAt]          datetime2 NULL,
    [LastErrorAt]            datetime2 NULL,
    [LastError]              nvarchar(1000) NULL,
    [ConsecutiveFailures]    int NOT NULL,
    [MaxConsecutiveFailures] int NOT NULL,
    [Environment]            nvarchar(50) NULL,
    [InstanceId]             nvarchar(100) NULL,
    [CpuUsagePercent]        float NULL,
    [MemoryUsagePercent]     float NULL,
    [DiskUsagePercent]       float NULL,
    [ActiveConnections]      bigint NULL,
    [QueueLength]            bigint NULL,
    [Metadata]               nvarchar(2000) NULL,
    CONSTRAINT PK_SystemHealth PRIMARY KEY ([Id])
);
GO

CREATE TABLE [FeatureFlags] (
    [Id]                uniqueidentifier NOT NULL,
    [TenantId]          uniqueidentifier NOT NULL,
    [CreatedAt]         datetime2 NOT NULL,
    [UpdatedAt]         datetime2 NULL,
    [IsDeleted]         bit NOT NULL,
    [DeletedAt]         datetime2 NULL,
    [DeletedById]       uniqueidentifier NULL,
    [CreatedBy]         uniqueidentifier NULL,
    [UpdatedBy]         uniqueidentifier NULL,
    [DeletedBy]         uniqueidentifier NULL,
    [Version]           int NOT NULL,
    [Name]              nvarchar(100) NOT NULL,
    [DisplayName]       nvarchar(200) NOT NULL,
    [Description]       nvarchar(1000) NULL,
    [IsEnabled]         bit NOT NULL,
    [Environment]       nvarchar(50) NOT NULL,
    [Category]          nvarchar(100) NULL,
    [EnabledAt]         datetime2 NULL,
    [DisabledAt]        datetime2 NULL,
    [EnabledBy]         nvarchar(100) NULL,
    [DisabledBy]        nvarchar(100) NULL,
    [ImpactDescription] nvarchar(2000) NULL,
    [RolloutStrategy]   nvarchar(1000) NULL,
    [RolloutPercentage] int NOT NULL,
    [TargetAudience]    nvarchar(2000) NULL,
    [RequiresRestart]   bit NOT NULL,
    [IsSystemFlag]      bit NOT NULL,
    [Priority]          int NOT NULL,
    CONSTRAINT PK_FeatureFlags PRIMARY KEY ([Id])
);
GO

CREATE TABLE [TenantStates] (
    [Id]                          uniqueidentifier NOT NULL,
    [TenantId]                    uniqueidentifier NOT NULL,
    [CreatedAt]                   datetime2 NOT NULL,
    [UpdatedAt]                   datetime2 NULL,
    [IsDeleted]                   bit NOT NULL,
    [DeletedAt]                   datetime2 NULL,
    [DeletedById]                 uniqueidentifier NULL,
    [CreatedBy]                   uniqueidentifier NULL,
    [UpdatedBy]                   uniqueidentifier NULL,
    [DeletedBy]                   uniqueidentifier NULL,
    [Version]                     int NOT NULL,
    [Status]                      nvarchar(50) NOT NULL,
    [StatusReason]                nvarchar(500) NULL,
    [StatusChangedAt]             datetime2 NULL,
    [StatusChangedBy]             nvarchar(100) NULL,
    [IsHealthy]                   bit NOT NULL,
    [LastHealthCheck]             datetime2 NULL,
    [HealthDetails]               nvarchar(2000) NULL,
    [CurrentUserCount]            bigint NOT NULL,
    [CurrentProjectCount]         bigint NOT NULL,
    [CurrentTaskCount]            bigint NOT NULL,
    [StorageUsedBytes]            bigint NOT NULL,
    [APICallsThisMonth]           bigint NOT NULL,
    [WorkflowExecutionsThisMonth] bigint NOT NULL,
    [LastActivityAt]              datetime2 NULL,
    [LastActivityBy]              nvarchar(100) NULL,
    [DatabaseStatus]              nvarchar(50) NULL,
    [StorageStatus]               nvarchar(50) NULL,
    [BillingStatus]               nvarchar(50) NULL,
    [Metadata]                    nvarchar(2000) NULL,
    [RequiresAttention]           bit NOT NULL,
    [AttentionReason]             nvarchar(1000) NULL,
    CONSTRAINT PK_TenantStates PRIMARY KEY ([Id]),
    CONSTRAINT FK_TenantStates_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_TenantStates_TenantId] ON [TenantStates] ([TenantId]);
GO

CREATE TABLE [SecurityEvents] (
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
    [EventType]       nvarchar(100) NOT NULL,
    [Severity]        nvarchar(50) NOT NULL,
    [Description]     nvarchar(255) NOT NULL,
    [UserId]          uniqueidentifier NULL,
    [UserName]        nvarchar(255) NULL,
    [IpAddress]       nvarchar(100) NULL,
    [UserAgent]       nvarchar(500) NULL,
    [Resource]        nvarchar(255) NULL,
    [Action]          nvarchar(100) NULL,
    [Result]          nvarchar(50) NULL,
    [AdditionalData]  nvarchar(2000) NULL,
    [IsResolved]      bit NOT NULL,
    [ResolvedAt]      datetime2 NULL,
    [ResolvedBy]      nvarchar(255) NULL,
    [ResolutionNotes] nvarchar(1000) NULL,
    [Timestamp]       datetime2 NOT NULL,
    CONSTRAINT PK_SecurityEvents PRIMARY KEY ([Id]),
    CONSTRAINT FK_SecurityEvents_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]),
    CONSTRAINT FK_SecurityEvents_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_SecurityEvents_TenantId] ON [SecurityEvents] ([TenantId]);
CREATE INDEX [IX_SecurityEvents_UserId] ON [SecurityEvents] ([UserId]);
GO

CREATE TABLE [Invoices] (
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
    [SubscriptionId]     uniqueidentifier NOT NULL,
    [InvoiceNumber]      nvarchar(50) NOT NULL,
    [Status]             nvarchar(20) NOT NULL,
    [SubtotalAmount]     decimal(18, 2) NOT NULL,
    [TaxAmount]          decimal(18, 2) NOT NULL,
    [DiscountAmount]     decimal(18, 2) NOT NULL,
    [TotalAmount]        decimal(18, 2) NOT NULL,
    [Currency]           nvarchar(3) NOT NULL,
    [InvoiceDate]        datetime2 NOT NULL,
    [DueDate]            datetime2 NOT NULL,
    [PaidDate]           datetime2 NULL,
    [BillingPeriodStart] datetime2 NOT NULL,
    [BillingPeriodEnd]   datetime2 NOT NULL,
    CONSTRAINT PK_Invoices PRIMARY KEY ([Id]),
    CONSTRAINT FK_Invoices_TenantSubscriptions_SubscriptionId FOREIGN KEY ([SubscriptionId]) REFERENCES [TenantSubscriptions] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_Invoices_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [IX_Invoices_SubscriptionId] ON [Invoices] ([SubscriptionId]);
CREATE INDEX [IX_Invoices_TenantId] ON [Invoices] ([TenantId]);
GO
