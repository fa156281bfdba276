-- Bulk writes, continued.
--
-- What rows refer to is looked up by its key whatever the tables held when a connection first asked, and for all rows of a
-- statement at once wherever nothing needs a lock.
--
-- While a table holds a few hundred rows and was never analyzed, PostgreSQL takes any of its indexes that begin with the tenant for as
-- good as the primary key, and a connection keeps the plan: each look then goes through all rows of the tenant. So these statements are
-- planned each time, for the table as it is by then.
--
-- Dealers, users and operations are never removed: no row of theirs has to be held. A message that comes with an offer goes to whom the
-- offer was made, which holds its contact; a contact that is written to without one is held until the end of the transaction.

alter table leads drop constraint leads_tenant_id_dealer_id_fkey;
alter table leads drop constraint leads_tenant_id_user_id_fkey;
alter table deliveries drop constraint deliveries_tenant_id_contact_id_fkey;
alter table deliveries drop constraint deliveries_tenant_id_user_id_fkey;
alter table operation_items drop constraint operation_items_tenant_id_operation_id_fkey;
alter table operation_results drop constraint operation_results_tenant_id_operation_id_fkey;
alter table operation_shares drop constraint operation_shares_tenant_id_operation_id_fkey;

create or replace function check_new_leads() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from added a where a.parent_id is null
            and not exists (select from requests r where r.tenant_id = a.tenant_id and r.id = a.request_id))
        or exists (select from added a where a.parent_id is not null
            and not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.parent_id
                and l.request_id = a.request_id and l.root_id = a.root_id))
        or exists (select from added a where a.decision_id is not null
            and not exists (select from decisions d where d.tenant_id = a.tenant_id and d.id = a.decision_id))
        or exists (select from added a where a.dealer_id is not null
            and not exists (select from dealers d where d.tenant_id = a.tenant_id and d.id = a.dealer_id))
        or exists (select from added a where a.user_id is not null
            and not exists (select from users u where u.tenant_id = a.tenant_id and u.id = a.user_id))
    then
        raise foreign_key_violation using table = 'leads',
            message = 'a lead refers to a request, copy, decision or recipient that is not there';
    end if;
    return null;
end $$;

-- Whom a copy belongs to may change later: then the new one is looked up.
create function check_recipient() returns trigger language plpgsql set plan_cache_mode = force_custom_plan as $$
begin
    if new.dealer_id is not null and not exists (select from dealers d where d.tenant_id = new.tenant_id and d.id = new.dealer_id)
        or new.user_id is not null and not exists (select from users u where u.tenant_id = new.tenant_id and u.id = new.user_id)
    then
        raise foreign_key_violation using table = 'leads', message = 'a lead refers to a recipient that is not there';
    end if;
    return new;
end $$;
create trigger check_recipient before update on leads for each row
    when (new.dealer_id is distinct from old.dealer_id or new.user_id is distinct from old.user_id)
    execute function check_recipient();

create or replace function check_new_decisions() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from added a where not exists (select from requests r where r.tenant_id = a.tenant_id and r.id = a.request_id)) then
        raise foreign_key_violation using table = 'decisions', message = 'a decision refers to a request that is not there';
    end if;
    return null;
end $$;

create or replace function check_new_offers() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from added a where not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.lead_id)) then
        raise foreign_key_violation using table = 'offers', message = 'an offer refers to a lead that is not there';
    end if;
    return null;
end $$;

create or replace function check_new_deliveries() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from (select distinct tenant_id from added) a where not exists (select from tenants t where t.tenant_id = a.tenant_id))
        or exists (select from added a where a.offer_id is not null
            and not exists (select from offers o where o.tenant_id = a.tenant_id and o.id = a.offer_id and o.lead_id = a.lead_id
                and o.contact_id is not distinct from a.contact_id and o.user_id is not distinct from a.user_id))
        or exists (select from added a where a.offer_id is null and a.lead_id is not null
            and not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.lead_id))
        or exists (select from added a where a.offer_id is null and a.contact_id is not null
            and not exists (select from contacts c where c.tenant_id = a.tenant_id and c.id = a.contact_id for key share))
        or exists (select from added a where a.offer_id is null and a.user_id is not null
            and not exists (select from users u where u.tenant_id = a.tenant_id and u.id = a.user_id))
    then
        raise foreign_key_violation using table = 'deliveries',
            message = 'a message refers to a tenant, lead, offer, contact or user that is not there';
    end if;
    return null;
end $$;

-- The other side of it: a contact that was written to stays.
create function check_contact_unused() returns trigger language plpgsql as $$
begin
    if exists (select from deliveries d where d.tenant_id = old.tenant_id and d.contact_id = old.id) then
        raise foreign_key_violation using table = 'contacts', message = 'a message refers to the contact';
    end if;
    return null;
end $$;
create trigger check_unused after delete on contacts for each row execute function check_contact_unused();

create or replace function check_new_events() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    if exists (select from (select distinct tenant_id from added) a where not exists (select from tenants t where t.tenant_id = a.tenant_id))
        or exists (select from added a where a.lead_id is not null
            and not exists (select from leads l where l.tenant_id = a.tenant_id and l.id = a.lead_id and l.request_id = a.request_id))
        or exists (select from added a where a.lead_id is null and a.request_id is not null
            and not exists (select from requests r where r.tenant_id = a.tenant_id and r.id = a.request_id))
    then
        raise foreign_key_violation using table = 'events', message = 'an event refers to a tenant, lead or request that is not there';
    end if;
    return null;
end $$;

create function check_new_of_operation() returns trigger language plpgsql as $$
begin
    if exists (select from (select distinct tenant_id, operation_id from added) a
        where not exists (select from operations o where o.tenant_id = a.tenant_id and o.id = a.operation_id))
    then
        raise foreign_key_violation using table = tg_table_name, message = 'a row refers to an operation that is not there';
    end if;
    return null;
end $$;
create trigger check_new after insert on operation_items referencing new table as added for each statement execute function check_new_of_operation();
create trigger check_new after insert on operation_results referencing new table as added for each statement execute function check_new_of_operation();
create trigger check_new after insert on operation_shares referencing new table as added for each statement execute function check_new_of_operation();

-- Waiting copies and open ones are found by their state, those of a dealer among the dealer's.
drop index leads_waiting;
drop index leads_open_by_dealer;

-- Documents that no query looks into: text is stored and read as it is, while jsonb is taken apart and put together again.
alter table decisions
    alter column inputs type text collate "C",
    alter column candidates type text collate "C",
    alter column excluded type text collate "C";
alter table deliveries alter column message type text collate "C";
alter table events alter column before type text collate "C", alter column after type text collate "C";
alter table operation_items alter column plan type text collate "C";
alter table operation_results alter column copies type text collate "C", alter column before type text collate "C";
