-- Backtests: where the leads of a past period would go by an interface's draft, next to its published version.

create table backtests (
    tenant_id uuid not null,
    id uuid not null,
    interface_id uuid not null,
    state text collate "C" not null check (state in ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    -- Both sides as they were when it was asked for: the draft may change meanwhile.
    draft jsonb not null,
    published_number bigint not null check (published_number >= 1),
    -- Leads received at or after the first moment and before the second.
    received_from bigint not null,
    received_before bigint not null,
    -- How many first copies there were in the period when it was asked for.
    lead_count bigint not null check (lead_count >= 0),
    requested_by text collate "C" not null,
    queued_at bigint not null,
    started_at bigint,
    finished_at bigint,
    -- It goes through the leads by the time that they were received; this is the last one done, so that a restart goes on from there.
    cursor_received_at bigint,
    cursor_lead_id uuid,
    -- The worker that has it in hand; past this moment another takes over. The moment itself tells one worker's turn from another's.
    claimed_until bigint,
    totals jsonb not null,
    error text collate "C",
    primary key (tenant_id, id),
    foreign key (tenant_id, interface_id) references interfaces (tenant_id, id) on delete cascade,
    check (received_from < received_before),
    check ((state in ('DONE', 'FAILED', 'CANCELLED')) = (finished_at is not null)),
    check (state in ('QUEUED', 'CANCELLED') or started_at is not null),
    check ((cursor_received_at is null) = (cursor_lead_id is null))
);
-- The list of backtests, newest first; and whether an interface has any before it is removed.
create index backtests_by_queued on backtests (tenant_id, queued_at, id);
create index backtests_by_interface on backtests (tenant_id, interface_id, queued_at, id);
-- Workers look for those that wait or were left behind.
create index backtests_open on backtests (queued_at) where state in ('QUEUED', 'RUNNING');

-- How many leads each recipient would get by the published version and by the draft. A row is added to, batch by batch.
create table backtest_shares (
    tenant_id uuid not null,
    backtest_id uuid not null,
    -- A dealer's or a user's id; which of the two, the interface says.
    id uuid not null,
    before_count bigint not null,
    after_count bigint not null,
    change bigint not null,
    primary key (tenant_id, backtest_id, id),
    foreign key (tenant_id, backtest_id) references backtests (tenant_id, id) on delete cascade,
    check (change = after_count - before_count)
);
-- Who gains and who loses most.
create index backtest_shares_by_change on backtest_shares (tenant_id, backtest_id, change, id);
