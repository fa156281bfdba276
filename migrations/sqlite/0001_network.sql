-- The network: tenants, their staff, dealers, contacts and the words they use.
-- Every key begins with the tenant, so a row cannot point into another tenant's and each table can be distributed by tenant.
-- Text compares by code point, as it does on PostgreSQL and in memory.
-- Moments are microseconds since 1970 UTC in a bigint: exact, ordered and the same on every database.

create table tenants (
    tenant_id blob not null primary key,
    name text not null check (length(name) between 1 and 200),
    slug text not null unique check (length(slug) between 1 and 60),
    distance_unit text not null check (distance_unit in ('KM', 'MI')),
    time_zone text not null,
    country text not null check (length(country) = 2),
    -- How long a link in a mail works before a fresh one must be asked for.
    link_seconds bigint not null check (link_seconds > 0),
    -- Raised by every write that changes what a candidate is; names the snapshot that candidates are found in.
    network_version bigint not null default 0,
    created_at bigint not null
);

create table categories (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    key text not null,
    label text not null,
    -- The group's values, best first.
    choices text not null,
    created_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, key)
);

create table custom_fields (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    subject text not null check (subject in ('LEAD', 'DEALER', 'USER')),
    key text not null,
    label text not null,
    field_type text not null check (field_type in
        ('TEXT', 'INTEGER', 'DECIMAL', 'BOOLEAN', 'DATE', 'DATE_TIME', 'CHOICE', 'MULTI_CHOICE')),
    required boolean not null,
    choices text not null,
    archived_at bigint,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, subject, key)
);

create table dealers (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    number text not null check (length(number) between 1 and 20),
    sub_number text not null default '' check (length(sub_number) <= 20),
    name text not null,
    active boolean not null,
    accepts_leads boolean not null,
    is_default boolean not null,
    street text,
    city text,
    region text,
    country text not null check (length(country) = 2),
    postal_code text,
    lat double check (lat between -90 and 90),
    lon double check (lon between -180 and 180),
    time_zone text not null,
    hours text not null,
    rating double check (rating between 0 and 5),
    categories text not null,
    brands text not null,
    territory text not null,
    capacity_open bigint check (capacity_open >= 0),
    capacity_per_day bigint check (capacity_per_day >= 0),
    crm text not null,
    custom text not null,
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
    tenant_id blob not null,
    id blob not null,
    dealer_id blob not null,
    kind text not null check (kind in ('TO', 'CC')),
    name text not null,
    email text,
    mobile text,
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
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    first_name text not null,
    last_name text not null,
    email text not null,
    mobile text,
    locale text not null,
    time_zone text not null,
    active boolean not null,
    on_holiday boolean not null,
    role text not null check (role in ('ADMIN', 'MANAGER', 'MEMBER', 'AUDITOR')),
    dealer_id blob,
    -- Whole days on which the user is away: [{"from": "2026-12-24", "until": "2026-12-26"}], both included.
    days_off text not null,
    custom text not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, email),
    foreign key (tenant_id, dealer_id) references dealers (tenant_id, id)
);
create index users_by_name on users (tenant_id, last_name, id);

create table groups (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    name text not null,
    created_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table memberships (
    tenant_id blob not null,
    group_id blob not null,
    user_id blob not null,
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
    tenant_id blob not null references tenants (tenant_id),
    country text not null,
    code text not null,
    place text not null,
    region text not null,
    lat double not null check (lat between -90 and 90),
    lon double not null check (lon between -180 and 180),
    primary key (tenant_id, country, code)
);
