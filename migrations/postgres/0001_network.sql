-- The network: tenants, their staff, dealers, contacts and the words they use.
-- Every key begins with the tenant, so a row cannot point into another tenant's and each table can be distributed by tenant.
-- Text compares by code point, as it does on SQLite and in memory.
-- Moments are microseconds since 1970 UTC in a bigint: exact, ordered and the same on every database.

create table tenants (
    tenant_id uuid not null primary key,
    name text collate "C" not null check (length(name) between 1 and 200),
    slug text collate "C" not null unique check (length(slug) between 1 and 60),
    distance_unit text collate "C" not null check (distance_unit in ('KM', 'MI')),
    time_zone text collate "C" not null,
    country text collate "C" not null check (length(country) = 2),
    -- How long a link in a mail works before a fresh one must be asked for.
    link_seconds bigint not null check (link_seconds > 0),
    -- Raised by every write that changes what a candidate is; names the snapshot that candidates are found in.
    network_version bigint not null default 0,
    created_at bigint not null
);

create table categories (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    key text collate "C" not null,
    label text collate "C" not null,
    -- The group's values, best first.
    choices jsonb not null,
    created_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, key)
);

create table custom_fields (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    subject text collate "C" not null check (subject in ('LEAD', 'DEALER', 'USER')),
    key text collate "C" not null,
    label text collate "C" not null,
    field_type text collate "C" not null check (field_type in
        ('TEXT', 'INTEGER', 'DECIMAL', 'BOOLEAN', 'DATE', 'DATE_TIME', 'CHOICE', 'MULTI_CHOICE')),
    required boolean not null,
    choices jsonb not null,
    archived_at bigint,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, subject, key)
);

create table dealers (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    number text collate "C" not null check (length(number) between 1 and 20),
    sub_number text collate "C" not null default '' check (length(sub_number) <= 20),
    name text collate "C" not null,
    active boolean not null,
    accepts_leads boolean not null,
    is_default boolean not null,
    street text collate "C",
    city text collate "C",
    region text collate "C",
    country text collate "C" not null check (length(country) = 2),
    postal_code text collate "C",
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    time_zone text collate "C" not null,
    hours jsonb not null,
    rating double precision check (rating between 0 and 5),
    categories jsonb not null,
    brands jsonb not null,
    territory jsonb not null,
    capacity_open bigint check (capacity_open >= 0),
    capacity_per_day bigint check (capacity_per_day >= 0),
    crm jsonb not null,
    custom jsonb not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, number, sub_number),
    check ((lat is null) = (lon is null))
);
-- A tenant has one fallback dealer at most.
create unique index dealers_one_default on dealers (tenant_id) where is_default;
-- The dealer grid sorts and searches by name.
create index dealers_by_name on dealers (tenant_id, name, id);

create table contacts (
    tenant_id uuid not null,
    id uuid not null,
    dealer_id uuid not null,
    kind text collate "C" not null check (kind in ('TO', 'CC')),
    name text collate "C" not null,
    email text collate "C",
    mobile text collate "C",
    active boolean not null,
    unsubscribed_at bigint,
    bounced_at bigint,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, dealer_id) references dealers (tenant_id, id),
    check (email is not null or mobile is not null)
);
-- A dealer's contacts are read with the dealer and whenever an offer goes out.
create index contacts_by_dealer on contacts (tenant_id, dealer_id, id);

create table users (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    first_name text collate "C" not null,
    last_name text collate "C" not null,
    email text collate "C" not null,
    mobile text collate "C",
    locale text collate "C" not null,
    time_zone text collate "C" not null,
    active boolean not null,
    on_holiday boolean not null,
    role text collate "C" not null check (role in ('ADMIN', 'MANAGER', 'MEMBER', 'AUDITOR')),
    dealer_id uuid,
    -- Whole days on which the user is away: [{"from": "2026-12-24", "until": "2026-12-26"}], both included.
    days_off jsonb not null,
    custom jsonb not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, email),
    foreign key (tenant_id, dealer_id) references dealers (tenant_id, id)
);
create index users_by_name on users (tenant_id, last_name, id);

create table groups (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    name text collate "C" not null,
    created_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table memberships (
    tenant_id uuid not null,
    group_id uuid not null,
    user_id uuid not null,
    -- A manager sees the leads of the groups that they manage.
    manages boolean not null,
    primary key (tenant_id, group_id, user_id),
    foreign key (tenant_id, group_id) references groups (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
-- "Which groups is this user in" is asked by every manager's request.
create index memberships_by_user on memberships (tenant_id, user_id, group_id);

-- Postal codes that a tenant imported; they come before the embedded tables of the US and Canada.
create table postal_codes (
    tenant_id uuid not null references tenants (tenant_id),
    country text collate "C" not null,
    code text collate "C" not null,
    place text collate "C" not null,
    region text collate "C" not null,
    lat double precision not null check (lat between -90 and 90),
    lon double precision not null check (lon between -180 and 180),
    primary key (tenant_id, country, code)
);
