-- Operations: bulk changes of leads as durable plans, worked off chunk by chunk, each lead with its result.

create table operations (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    kind text not null check (kind in ('REASSIGN', 'UPDATE', 'UNDO')),
    state text not null check (state in
        ('PREPARING', 'READY', 'RUNNING', 'PAUSED', 'DONE', 'CANCELLED', 'FAILED')),
    -- What is to be done, and to which leads; the ids of leads that somebody named stand in operation_leads.
    change text not null,
    selection text not null,
    on_problem text not null check (on_problem in ('STOP', 'SKIP')),
    notify_new_owner text not null check (notify_new_owner in ('NONE', 'PER_LEAD', 'DIGEST')),
    notify_old_owner boolean not null,
    reason text,
    -- The operation whose leads this one takes: undone or tried again.
    source_id blob,
    -- The credential's name: managers see their own operations.
    requested_by text not null,
    -- Whose scope the selection was made in, and who stands in the timeline.
    actor text not null,
    -- The last lead that was planned: planning goes through the leads by id, or by the position in the source.
    cursor_lead_id blob,
    cursor_position bigint,
    lead_count bigint not null check (lead_count >= 0),
    change_count bigint not null check (change_count >= 0),
    unchanged_count bigint not null check (unchanged_count >= 0),
    problem_count bigint not null check (problem_count >= 0),
    -- Known when the plan is ready.
    mail_count bigint check (mail_count >= 0),
    created_at bigint not null,
    prepared_at bigint,
    -- A plan that nobody ran by then can't be run any more.
    expires_at bigint,
    started_at bigint,
    finished_at bigint,
    error text,
    primary key (tenant_id, id),
    foreign key (tenant_id, source_id) references operations (tenant_id, id),
    check (lead_count = change_count + unchanged_count + problem_count),
    check (kind <> 'UNDO' or source_id is not null),
    check (state <> 'READY' or (prepared_at is not null and expires_at is not null and mail_count is not null)),
    check (state not in ('RUNNING', 'PAUSED', 'DONE') or started_at is not null),
    check ((state in ('DONE', 'CANCELLED', 'FAILED')) = (finished_at is not null)),
    check (state <> 'FAILED' or error is not null)
);
-- The list of operations, newest first; and what was made of one.
create index operations_by_created on operations (tenant_id, created_at, id);
create index operations_by_source on operations (tenant_id, source_id) where source_id is not null;
-- Workers look for those that have work.
create index operations_open on operations (created_at, tenant_id, id) where state in ('PREPARING', 'RUNNING');

-- The leads that somebody named.
create table operation_leads (
    tenant_id blob not null,
    operation_id blob not null,
    lead_id blob not null,
    primary key (tenant_id, operation_id, lead_id),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id) on delete cascade
);

-- The plan: one row per lead, never changed. What became of it stands in operation_results.
create table operation_items (
    tenant_id blob not null,
    operation_id blob not null,
    position bigint not null check (position >= 0),
    lead_id blob not null,
    request_id blob not null,
    -- The lead's version when it was planned: another one is a conflict.
    lead_version bigint not null,
    verdict text not null check (verdict in ('CHANGE', 'UNCHANGED', 'PROBLEM')),
    reason_code text,
    reason text,
    -- Where it goes and why, or what it was before; null where nothing is known.
    plan text,
    primary key (tenant_id, operation_id, position),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id) on delete cascade,
    check ((verdict = 'CHANGE') = (reason_code is null))
);
-- Two copies of one request can't both be handed on.
create index operation_items_by_request on operation_items (tenant_id, operation_id, request_id);
-- Problems by reason.
create index operation_items_problems on operation_items (tenant_id, operation_id, reason_code, position)
    where verdict = 'PROBLEM';

-- The part of a plan that one transaction carries out. A worker holds the row while it does, so a dead one lets go of it at once.
create table operation_chunks (
    tenant_id blob not null,
    operation_id blob not null,
    first_position bigint not null check (first_position >= 0),
    item_count bigint not null check (item_count > 0),
    state text not null check (state in ('OPEN', 'DONE')),
    changed_count bigint not null,
    unchanged_count bigint not null,
    skipped_count bigint not null,
    failed_count bigint not null,
    finished_at bigint,
    primary key (tenant_id, operation_id, first_position),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id) on delete cascade,
    check ((state = 'DONE') = (finished_at is not null)),
    check (state = 'OPEN' or item_count = changed_count + unchanged_count + skipped_count + failed_count)
);
create index operation_chunks_open on operation_chunks (tenant_id, operation_id, first_position) where state = 'OPEN';

-- What became of each lead.
create table operation_results (
    tenant_id blob not null,
    operation_id blob not null,
    position bigint not null,
    lead_id blob not null,
    outcome text not null check (outcome in ('CHANGED', 'UNCHANGED', 'SKIPPED', 'FAILED')),
    reason_code text,
    reason text,
    -- The version that the lead has by this change, the copies that it made, and all that it was before: for the undo.
    lead_version bigint,
    copies text,
    before text,
    primary key (tenant_id, operation_id, position),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id) on delete cascade,
    check ((outcome = 'CHANGED') = (reason_code is null)),
    check ((outcome = 'CHANGED') = (before is not null and lead_version is not null))
);
create index operation_results_left on operation_results (tenant_id, operation_id, outcome, position)
    where outcome in ('SKIPPED', 'FAILED');

-- How many leads each recipient would get, and how many each would lose. Rows are added to while a plan is prepared.
create table operation_shares (
    tenant_id blob not null,
    operation_id blob not null,
    side text not null check (side in ('TO', 'FROM')),
    -- A dealer's or a user's id.
    id blob not null,
    kind text not null check (kind in ('DEALER', 'USER')),
    lead_count bigint not null check (lead_count > 0),
    primary key (tenant_id, operation_id, side, id),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id) on delete cascade
);
-- Who gets most.
create index operation_shares_by_count on operation_shares (tenant_id, operation_id, side, lead_count, id);
