-- about: creates tenants, ASP.NET Identity, languages and translations
-- rolling-safe: yes (it only adds tables)
--
-- The platform's own migration of this id creates Users and the next one renames
-- it; here AspNetUsers has its final form from the start. Where the platform
-- asks for several cascade paths to one table, which SQL Server refuses with
-- error 1785, all but one are NO ACTION.

CREATE TABLE [Tenants] (
    [Id]                    uniqueidentifier NOT NULL,
    [Name]                  nvarchar(255) NOT NULL,
    [DisplayName]           nvarchar(255) NOT NULL,
    [Description]           nvarchar(1000) NULL,
    [IsActive]              bit NOT NULL,
    [ContactEmail]          nvarchar(500) NULL,
    [ContactPhone]          nvarchar(100) NULL,
    [Address]               nvarchar(1000) NULL,
    [SubscriptionStartDate] datetime2 NULL,
    [SubscriptionEndDate]   datetime2 NULL,
    [SubscriptionTier]      nvarchar(100) NULL,
    [CreatedAt]             datetime2 NOT NULL,
    [UpdatedAt]             datetime2 NULL,
    [IsDeleted]             bit NOT NULL,
    [DeletedAt]             datetime2 NULL,
    [CreatedBy]             uniqueidentifier NULL,
    [UpdatedBy]             uniqueidentifier NULL,
    [DeletedBy]             uniqueidentifier NULL,
    [Version]               int NOT NULL,
    CONSTRAINT PK_Tenants PRIMARY KEY ([Id])
);
CREATE INDEX [IX_Tenants_IsActive] ON [Tenants] ([IsActive]);
CREATE UNIQUE INDEX [IX_Tenants_Name] ON [Tenants] ([Name]);
GO

CREATE TABLE [AspNetRoles] (
    [Id]               uniqueidentifier NOT NULL,
    [Name]             nvarchar(256) NULL,
    [NormalizedName]   nvarchar(256) NULL,
    [ConcurrencyStamp] nvarchar(max) NULL,
    [Category]         nvarchar(100) NULL,
    [CreatedAt]        datetime2 NOT NULL,
    [CreatedBy]        uniqueidentifier NULL,
    [DeletedAt]        datetime2 NULL,
    [DeletedBy]        uniqueidentifier NULL,
    [Description]      nvarchar(1000) NULL,
    [IsActive]         bit NOT NULL,
    [IsDeleted]        bit NOT NULL,
    [IsSystemRole]     bit NOT NULL,
    [Priority]         int NOT NULL,
    [TenantId]         uniqueidentifier NOT NULL,
    [UpdatedAt]        datetime2 NULL,
    [UpdatedBy]        uniqueidentifier NULL,
    [Version]          int NOT NULL,
    CONSTRAINT PK_AspNetRoles PRIMARY KEY ([Id]),
    CONSTRAINT FK_AspNetRoles_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id]) ON DELETE CASCADE
);
CREATE UNIQUE INDEX [RoleNameIndex] ON [AspNetRoles] ([NormalizedName]) WHERE [NormalizedName] IS NOT NULL;
CREATE INDEX [IX_AspNetRoles_TenantId] ON [AspNetRoles] ([TenantId]);
GO

CREATE TABLE [AspNetUsers] (
    [Id]                    uniqueidentifier NOT NULL,
    [TenantId]              uniqueidentifier NOT NULL,
    [FirstName]             nvarchar(255) NOT NULL,
    [LastName]              nvarchar(255) NOT NULL,
    [CreatedAt]             datetime2 NOT NULL,
    [UpdatedAt]             datetime2 NULL,
    [IsActive]              bit NOT NULL,
    [TimeZone]              nvarchar(100) NULL,
    [PreferredLanguage]     nvarchar(10) NULL,
    [IsDeleted]             bit NOT NULL,
    [DeletedAt]             datetime2 NULL,
    [DeletedBy]             uniqueidentifier NULL,
    [UserName]              nvarchar(256) NULL,
    [NormalizedUserName]    nvarchar(256) NULL,
    [Email]                 nvarchar(256) NULL,
    [NormalizedEmail]       nvarchar(256) NULL,
    [EmailConfirmed]        bit NOT NULL,
    [PasswordHash]          nvarchar(max) NULL,
    [SecurityStamp]         nvarchar(max) NULL,
    [ConcurrencyStamp]      nvarchar(max) NULL,
    [PhoneNumber]           nvarchar(max) NULL,
    [PhoneNumberConfirmed]  bit NOT NULL,
    [TwoFactorEnabled]      bit NOT NULL,
    [LockoutEnd]            datetimeoffset NULL,
    [LockoutEnabled]        bit NOT NULL,
    [AccessFailedCount]     int NOT NULL,
    [PasswordChangedDate]   datetime2 NULL,
    [Bio]                   nvarchar(2000) NULL,
    [CreatedBy]             uniqueidentifier NULL,
    [Department]            nvarchar(255) NULL,
    [DisplayName]           nvarchar(255) NULL,
    [EmployeeId]            nvarchar(100) NULL,
    [JobTitle]              nvarchar(255) NULL,
    [Language]              nvarchar(10) NULL,
    [LastLoginDate]         datetime2 NULL,
    [ProfileImageUrl]       nvarchar(1000) NULL,
    [RequirePasswordChange] bit NOT NULL,
    [UpdatedBy]             uniqueidentifier NULL,
    [Version]               int NOT NULL,
    CONSTRAINT PK_AspNetUsers PRIMARY KEY ([Id]),
    CONSTRAINT FK_AspNetUsers_Tenants_TenantId FOREIGN KEY ([TenantId]) REFERENCES [Tenants] ([Id])
);
CREATE INDEX [EmailIndex] ON [AspNetUsers] ([NormalizedEmail]);
CREATE UNIQUE INDEX [UserNameIndex] ON [AspNetUsers] ([NormalizedUserName]) WHERE [NormalizedUserName] IS NOT NULL;
CREATE INDEX [IX_AspNetUsers_TenantId] ON [AspNetUsers] ([TenantId]);
CREATE INDEX [IX_AspNetUsers_EmployeeId] ON [AspNetUsers] ([EmployeeId]);
CREATE INDEX [IX_AspNetUsers_IsActive] ON [AspNetUsers] ([IsActive]);
GO

CREATE TABLE [AspNetRoleClaims] (
    [Id]         int IDENTITY(1, 1) NOT NULL,
    [RoleId]     uniqueidentifier NOT NULL,
    [ClaimType]  nvarchar(max) NULL,
    [ClaimValue] nvarchar(max) NULL,
    CONSTRAINT PK_AspNetRoleClaims PRIMARY KEY ([Id]),
    CONSTRAINT FK_AspNetRoleClaims_AspNetRoles_RoleId FOREIGN KEY ([RoleId]) REFERENCES [AspNetRoles] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_AspNetRoleClaims_RoleId] ON [AspNetRoleClaims] ([RoleId]);
GO

CREATE TABLE [AspNetUserClaims] (
    [Id]         int IDENTITY(1, 1) NOT NULL,
    [UserId]     uniqueidentifier NOT NULL,
    [ClaimType]  nvarchar(max) NULL,
    [ClaimValue] nvarchar(max) NULL,
    CONSTRAINT PK_AspNetUserClaims PRIMARY KEY ([Id]),
    CONSTRAINT FK_AspNetUserClaims_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_AspNetUserClaims_UserId] ON [AspNetUserClaims] ([UserId]);
GO

CREATE TABLE [AspNetUserLogins] (
    [LoginProvider]       nvarchar(128) NOT NULL,
    [ProviderKey]         nvarchar(128) NOT NULL,
    [ProviderDisplayName] nvarchar(max) NULL,
    [UserId]              uniqueidentifier NOT NULL,
    CONSTRAINT PK_AspNetUserLogins PRIMARY KEY ([LoginProvider], [ProviderKey]),
    CONSTRAINT FK_AspNetUserLogins_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_AspNetUserLogins_UserId] ON [AspNetUserLogins] ([UserId]);
GO

CREATE TABLE [AspNetUserTokens] (
    [UserId]        uniqueidentifier NOT NULL,
    [LoginProvider] nvarchar(128) NOT NULL,
    [Name]          nvarchar(128) NOT NULL,
    [Value]         nvarchar(max) NULL,
    CONSTRAINT PK_AspNetUserTokens PRIMARY KEY ([UserId], [LoginProvider], [Name]),
    CONSTRAINT FK_AspNetUserTokens_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE
);
GO

CREATE TABLE [AspNetUserRoles] (
    [UserId] uniqueidentifier NOT NULL,
    [RoleId] uniqueidentifier NOT NULL,
    CONSTRAINT PK_AspNetUserRoles PRIMARY KEY ([UserId], [RoleId]),
    CONSTRAINT FK_AspNetUserRoles_AspNetRoles_RoleId FOREIGN KEY ([RoleId]) REFERENCES [AspNetRoles] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_AspNetUserRoles_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_AspNetUserRoles_RoleId] ON [AspNetUserRoles] ([RoleId]);
GO

CREATE TABLE [Languages] (
    [Id]          uniqueidentifier NOT NULL,
    [TenantId]    uniqueidentifier NOT NULL,
    [CreatedAt]   datetime2 NOT NULL,
    [UpdatedAt]   datetime2 NULL,
    [IsDeleted]   bit NOT NULL,
    [DeletedAt]   datetime2 NULL,
    [DeletedById] uniqueidentifier NULL,
    [CreatedBy]   uniqueidentifier NULL,
    [UpdatedBy]   uniqueidentifier NULL,
    [DeletedBy]   uniqueidentifier NULL,
    [Version]     int NOT NULL,
    [Code]        nvarchar(10) NOT NULL,
    [Name]        nvarchar(100) NOT NULL,
    [NativeName]  nvarchar(100) NOT NULL,
    [Direction]   nvarchar(3) NOT NULL,
    [IsEnabled]   bit NOT NULL,
    [IsDefault]   bit NOT NULL,
    [SortOrder]   int NOT NULL,
    CONSTRAINT PK_Languages PRIMARY KEY ([Id])
);
GO

CREATE TABLE [Translations] (
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
    [LanguageCode] nvarchar(10) NOT NULL,
    [Key]          nvarchar(255) NOT NULL,
    [Value]        nvarchar(max) NOT NULL,
    [Category]     nvarchar(100) NULL,
    [IsApproved]   bit NOT NULL,
    [IsActive]     bit NOT NULL,
    [LanguageId]   uniqueidentifier NULL,
    CONSTRAINT PK_Translations PRIMARY KEY ([Id]),
    CONSTRAINT FK_Translations_Languages_LanguageId FOREIGN KEY ([LanguageId]) REFERENCES [Languages] ([Id])
);
CREATE INDEX [IX_Translations_LanguageId] ON [Translations] ([LanguageId]);
GO

CREATE TABLE [UserLanguagePreferences] (
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
    [UserId]       uniqueidentifier NOT NULL,
    [LanguageId]   uniqueidentifier NOT NULL,
    [LanguageCode] nvarchar(10) NOT NULL,
    [IsDefault]    bit NOT NULL,
    CONSTRAINT PK_UserLanguagePreferences PRIMARY KEY ([Id]),
    CONSTRAINT FK_UserLanguagePreferences_Languages_LanguageId FOREIGN KEY ([LanguageId]) REFERENCES [Languages] ([Id]) ON DELETE CASCADE,
    CONSTRAINT FK_UserLanguagePreferences_AspNetUsers_UserId FOREIGN KEY ([UserId]) REFERENCES [AspNetUsers] ([Id]) ON DELETE CASCADE
);
CREATE INDEX [IX_UserLanguagePreferences_LanguageId] ON [UserLanguagePreferences] ([LanguageId]);
CREATE INDEX [IX_UserLanguagePreferences_UserId] ON [UserLanguagePreferences] ([UserId]);
GO
