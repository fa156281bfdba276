-- Lists: saved views over leads, and with whom they are shared; and downloads, the short-lived addresses of files for a browser.

create table lists (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    name text collate "C" not null,
    base_set text collate "C" not null
        check (base_set in ('ALL', 'CURRENT', 'UNASSIGNED', 'WAITING', 'OPEN', 'CLOSED', 'EXCEPTIONS', 'MINE')),
    -- Canonical CEL over leads; empty for all of the base set.
    filter text collate "C" not null,
    sort_field text collate "C" not null check (sort_field in ('RECEIVED_AT', 'UPDATED_AT')),
    sort_order text collate "C" not null check (sort_order in ('ASC', 'DESC')),
    -- Paths in order.
    columns jsonb not null,
    -- Null for what a credential without a user made: then it belongs to the admins.
    owner_user_id uuid,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, owner_user_id) references users (tenant_id, id)
);
create index lists_by_name on lists (tenant_id, name, id);
-- A user's own lists, and how many there are.
create index lists_by_owner on lists (tenant_id, owner_user_id);

create table list_shares (
    tenant_id uuid not null,
    list_id uuid not null,
    user_id uuid not null,
    access text collate "C" not null check (access in ('VIEW', 'EDIT')),
    primary key (tenant_id, list_id, user_id),
    foreign key (tenant_id, list_id) references lists (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
-- What is shared with a user.
create index list_shares_by_user on list_shares (tenant_id, user_id, list_id);

create table downloads (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    -- Who asked for it, as they were then, and what is in it. The address itself is nowhere: it is proved by the server's key.
    actor jsonb not null,
    content jsonb not null,
    created_at bigint not null,
    expires_at bigint not null,
    primary key (tenant_id, id)
);
-- What has run out is removed.
create index downloads_by_expiry on downloads (expires_at);
