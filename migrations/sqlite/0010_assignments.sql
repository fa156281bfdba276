-- Assignments: who works on a lead besides whoever has it, and the companies that are granted access to it.

create table companies (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    name text not null check (length(name) between 1 and 100),
    -- The credentials of a company that is not active see nothing.
    active boolean not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table lead_assignments (
    tenant_id blob not null,
    lead_id blob not null,
    kind text not null check (kind in ('USER', 'ROLE', 'COMPANY')),
    -- The place among those of the same kind; none has more than twenty.
    position bigint not null check (position between 0 and 19),
    -- The role as the tenant calls it, or the capacity in which the company is assigned.
    name text,
    user_id blob,
    company_id blob,
    primary key (tenant_id, lead_id, kind, position),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    foreign key (tenant_id, company_id) references companies (tenant_id, id),
    check ((kind = 'USER') = (name is null)),
    check ((kind = 'COMPANY') = (company_id is not null)),
    check ((kind = 'COMPANY') = (user_id is null)),
    check (kind <> 'ROLE' or length(name) between 1 and 60),
    check (kind <> 'COMPANY' or name in ('MARKETING', 'SERVICING', 'LAW_FIRM', 'VENDOR', 'PARTNER'))
);
-- A user is assigned once, a role has one user, a capacity one company.
create unique index lead_assignments_one_user on lead_assignments (tenant_id, lead_id, user_id) where kind = 'USER';
create unique index lead_assignments_one_name on lead_assignments (tenant_id, lead_id, kind, name) where name is not null;
-- Whoever is assigned sees the lead: every read of theirs begins with these.
create index lead_assignments_by_user on lead_assignments (tenant_id, user_id, lead_id) where user_id is not null;
create index lead_assignments_by_company on lead_assignments (tenant_id, company_id, lead_id) where company_id is not null;
