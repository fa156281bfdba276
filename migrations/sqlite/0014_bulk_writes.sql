-- Bulk writes: indexes that nobody asks are gone.

-- Loads are counted over all recipients at once, which these were no help for.
drop index leads_offered_by_dealer;
drop index leads_offered_by_user;

-- A copy's lines are found among its request's.
update events set request_id = (select l.request_id from leads l where l.tenant_id = events.tenant_id and l.id = events.lead_id)
    where lead_id is not null and request_id is null;
drop index events_by_lead;

-- A copy's own history is among its lines; this is for that of everything else.
drop index events_by_subject;
create index events_by_subject on events (tenant_id, subject, at, id) where substr(subject, 1, 5) <> 'lead_';

-- An operation has at most as many shares as the network has recipients: they are sorted when somebody looks, not with each chunk planned.
drop index operation_shares_by_count;
