-- Uploads: files in pieces, readable by every server; and the imports that are made of them, with what is wrong with their rows.

create table uploads (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    name text collate "C" not null,
    -- Null while it is being received.
    bytes bigint check (bytes >= 0),
    created_at bigint not null,
    -- What was never received to its end goes sooner.
    expires_at bigint not null,
    primary key (tenant_id, id)
);
create index uploads_by_expiry on uploads (expires_at);

create table upload_pieces (
    tenant_id uuid not null,
    upload_id uuid not null,
    -- Where in the file it begins, in bytes; all pieces but the last have the same length.
    position bigint not null check (position >= 0),
    content bytea not null,
    primary key (tenant_id, upload_id, position),
    foreign key (tenant_id, upload_id) references uploads (tenant_id, id) on delete cascade
);

create table file_imports (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    -- Null when the file is gone, because its time was over.
    upload_id uuid,
    kind text collate "C" not null check (kind in ('DEALERS', 'LEADS')),
    state text collate "C" not null check (state in ('CHECKING', 'READY', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    name text collate "C" not null,
    -- The first row, what separates cells, and what the caller said about columns.
    headers jsonb not null,
    separator text collate "C" not null,
    wishes jsonb not null,
    bytes_total bigint not null,
    -- How far the check or the run has come: a restart goes on from there.
    bytes_done bigint not null check (bytes_done between 0 and bytes_total),
    checked jsonb not null,
    ran jsonb not null,
    problem_count bigint not null,
    error text collate "C",
    requested_by text collate "C" not null,
    created_at bigint not null,
    updated_at bigint not null,
    finished_at bigint,
    primary key (tenant_id, id),
    check ((state in ('DONE', 'FAILED', 'CANCELLED')) = (finished_at is not null))
);
create index file_imports_by_created on file_imports (tenant_id, created_at, id);
create index file_imports_by_upload on file_imports (tenant_id, upload_id) where upload_id is not null;
-- Workers take the one that was served longest ago.
create index file_imports_open on file_imports (updated_at) where state in ('CHECKING', 'RUNNING');

create table import_problems (
    tenant_id uuid not null,
    import_id uuid not null,
    number bigint not null,
    -- As a spreadsheet numbers it: the header is 1.
    row_number bigint not null,
    column_name text collate "C" not null,
    value text collate "C" not null,
    message text collate "C" not null,
    imported boolean not null,
    primary key (tenant_id, import_id, number),
    foreign key (tenant_id, import_id) references file_imports (tenant_id, id) on delete cascade
);
