-- Bulk writes: what each row refers to is checked once for all rows of a statement, and indexes that nobody asks are gone.
--
-- A foreign key looks up and locks what it points to row by row; for a lead that is handed on, that was a third of all work. Where rows are
-- only ever added and what they point to is never removed (tenants, requests, copies, decisions, offers), no lock is needed, and one
-- look at the keys of all rows finds the same mistakes. References to what can be removed or change later remain foreign keys.

alter table leads drop constraint leads_tenant_id_fkey; -- comes with the request
alter table leads drop constraint leads_tenant_id_request_id_fkey;
alter table leads drop constraint leads_tenant_id_root_id_fkey;
alter table leads drop constraint leads_tenant_id_parent_id_fkey;
alter table leads drop constraint leads_tenant_id_decision_id_fkey;
alter table decisions drop constraint decisions_tenant_id_request_id_fkey;
alter table offers drop constraint offers_tenant_id_lead_id_fkey;
alter table deliveries drop constraint deliveries_tenant_id_fkey;
alter table deliveries drop constraint deliveries_tenant_id_lead_id_fkey;
alter table deliveries drop constraint deliveries_tenant_id_offer_id_fkey;
alter table events drop constraint events_tenant_id_fkey;
alter table events drop constraint events_tenant_id_lead_id_fkey;
alter table events drop constraint events_tenant_id_request_id_fkey;

-- Each key is looked up in the index, however few rows there were when the statement was planned.
create function check_new_leads() returns trigger language plpgsql
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from added a where not exists (select from requests r where r.tenant_id = a.tenant_id and r.id = a.request_id))
        or exists (select from added a where not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.root_id))
        or exists (select from added a where a.parent_id is not null
            and not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.parent_id))
        or exists (select from added a where a.decision_id is not null
            and not exists (select from decisions d where d.tenant_id = a.tenant_id and d.id = a.decision_id))
    then
        raise foreign_key_violation using table = 'leads', message = 'a lead refers to a request, copy or decision that is not there';
    end if;
    return null;
end $$;
create trigger check_new after insert on leads referencing new table as added for each statement execute function check_new_leads();

create function check_new_decisions() returns trigger language plpgsql
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from added a where not exists (select from requests r where r.tenant_id = a.tenant_id and r.id = a.request_id)) then
        raise foreign_key_violation using table = 'decisions', message = 'a decision refers to a request that is not there';
    end if;
    return null;
end $$;
create trigger check_new after insert on decisions referencing new table as added for each statement execute function check_new_decisions();

create function check_new_offers() returns trigger language plpgsql
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from added a where not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.lead_id)) then
        raise foreign_key_violation using table = 'offers', message = 'an offer refers to a lead that is not there';
    end if;
    return null;
end $$;
create trigger check_new after insert on offers referencing new table as added for each statement execute function check_new_offers();

create function check_new_deliveries() returns trigger language plpgsql
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from (select distinct tenant_id from added) a where not exists (select from tenants t where t.tenant_id = a.tenant_id))
        or exists (select from added a where a.lead_id is not null
            and not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.lead_id))
        or exists (select from added a where a.offer_id is not null
            and not exists (select from offers o where o.tenant_id = a.tenant_id and o.id = a.offer_id))
    then
        raise foreign_key_violation using table = 'deliveries', message = 'a message refers to a tenant, lead or offer that is not there';
    end if;
    return null;
end $$;
create trigger check_new after insert on deliveries referencing new table as added for each statement execute function check_new_deliveries();

create function check_new_events() returns trigger language plpgsql
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from (select distinct tenant_id from added) a where not exists (select from tenants t where t.tenant_id = a.tenant_id))
        or exists (select from added a where a.lead_id is not null
            and not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.lead_id))
        or exists (select from added a where a.request_id is not null
            and not exists (select from requests r where r.tenant_id = a.tenant_id and r.id = a.request_id))
    then
        raise foreign_key_violation using table = 'events', message = 'an event refers to a tenant, lead or request that is not there';
    end if;
    return null;
end $$;
create trigger check_new after insert on events referencing new table as added for each statement execute function check_new_events();

-- Loads are counted over all recipients at once, which these were no help for.
drop index leads_offered_by_dealer;
drop index leads_offered_by_user;

-- A copy's lines are found among its request's.
update events e set request_id = l.request_id from leads l
    where e.lead_id is not null and e.request_id is null and l.tenant_id = e.tenant_id and l.id = e.lead_id;
alter table events add constraint events_request_check check (lead_id is null or request_id is not null);
drop index events_by_lead;

-- A copy's own history is among its lines; this is for that of everything else.
drop index events_by_subject;
create index events_by_subject on events (tenant_id, subject, at, id) where substr(subject, 1, 5) <> 'lead_';

-- An operation has at most as many shares as the network has recipients: they are sorted when somebody looks, not with each chunk planned.
drop index operation_shares_by_count;
