-- What stands on a lead for people: its campaign and language, who may see it, what to heed, and notes with a type.

-- At first as the request has them; each copy's may be changed, as its source may.
alter table leads add column campaign text collate "C";
alter table leads add column language text collate "C";
alter table leads add column visibility text collate "C" not null default 'NORMAL'
    check (visibility in ('NORMAL', 'RESTRICTED'));
alter table leads add column alert text collate "C" check (length(alert) between 1 and 500);
update leads set campaign = r.campaign, language = r.language from requests r
where r.tenant_id = leads.tenant_id and r.id = leads.request_id and (r.campaign is not null or r.language is not null);

create table lead_notes (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    -- As the tenant calls it: CALL, VISIT, NOTE.
    kind text collate "C" not null check (length(kind) between 1 and 60),
    text text collate "C" not null check (length(text) between 1 and 5000),
    -- As shown to people.
    author text collate "C" not null,
    created_at bigint not null,
    -- The operation that wrote it, for its undo to take it away; null for a note of somebody's own.
    operation_id uuid,
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id)
);
-- A lead's notes, newest first.
create index lead_notes_by_lead on lead_notes (tenant_id, lead_id, created_at, id);
create index lead_notes_by_operation on lead_notes (tenant_id, operation_id, lead_id) where operation_id is not null;
