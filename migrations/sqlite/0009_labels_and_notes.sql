-- What stands on a lead for people: its campaign and language, who may see it, what to heed, and notes with a type.

-- At first as the request has them; each copy's may be changed, as its source may.
alter table leads add column campaign text;
alter table leads add column language text;
alter table leads add column visibility text not null default 'NORMAL' check (visibility in ('NORMAL', 'RESTRICTED'));
alter table leads add column alert text check (length(alert) between 1 and 500);
update leads set
    campaign = (select r.campaign from requests r where r.tenant_id = leads.tenant_id and r.id = leads.request_id),
    language = (select r.language from requests r where r.tenant_id = leads.tenant_id and r.id = leads.request_id);

create table lead_notes (
    tenant_id blob not null,
    id blob not null,
    lead_id blob not null,
    -- As the tenant calls it: CALL, VISIT, NOTE.
    kind text not null check (length(kind) between 1 and 60),
    text text not null check (length(text) between 1 and 5000),
    -- As shown to people.
    author text not null,
    created_at bigint not null,
    -- The operation that wrote it, for its undo to take it away; null for a note of somebody's own.
    operation_id blob,
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id)
);
-- A lead's notes, newest first.
create index lead_notes_by_lead on lead_notes (tenant_id, lead_id, created_at, id);
create index lead_notes_by_operation on lead_notes (tenant_id, operation_id, lead_id) where operation_id is not null;
