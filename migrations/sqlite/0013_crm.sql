-- Pushes to dealers' CRMs: more channels than mail, who asks for them, and how the addresses that they go to are doing.
--
-- SQLite can't change a check: the table is made anew. Attempts refer to it by its name and are looked at when all of this is committed,
-- so that it stays one transaction.

pragma defer_foreign_keys = on;
create table deliveries_kept as select * from deliveries;
drop table deliveries;
create table deliveries (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    lead_id blob,
    offer_id blob,
    contact_id blob,
    user_id blob,
    channel text not null check (channel in ('EMAIL', 'ADF_EMAIL', 'ADF_HTTP', 'JSON_HTTP')),
    address text not null,
    -- What the message says; rendered when it is sent.
    message text not null,
    state text not null check (state in ('PENDING', 'SENT', 'FAILED', 'CANCELLED')),
    attempts bigint not null check (attempts >= 0),
    -- When a worker may take it next; while one has it in hand, the moment at which others may take it over.
    next_attempt_at bigint,
    sent_at bigint,
    last_error text,
    created_at bigint not null,
    -- Whether a worker has this push in hand, until `next_attempt_at` at most. Of one address only a few are at one time.
    is_held boolean not null default false,
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, offer_id) references offers (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    check ((state = 'PENDING') = (next_attempt_at is not null)),
    check ((state = 'SENT') = (sent_at is not null)),
    check (state <> 'FAILED' or last_error is not null),
    -- A push is one lead's and goes to a system, not to a person with a link.
    check (channel = 'EMAIL' or (lead_id is not null and offer_id is null and contact_id is null and user_id is null)),
    check (not is_held or next_attempt_at is not null)
);
insert into deliveries (tenant_id, id, lead_id, offer_id, contact_id, user_id, channel, address, message, state, attempts,
    next_attempt_at, sent_at, last_error, created_at)
select tenant_id, id, lead_id, offer_id, contact_id, user_id, channel, address, message, state, attempts, next_attempt_at, sent_at,
    last_error, created_at
from deliveries_kept;
drop table deliveries_kept;

-- The outbox: what may be sent now, oldest first. Pushes by HTTP wait apart, so that those to a dead address stand in no mail's way.
create index deliveries_next_mail on deliveries (next_attempt_at)
    where next_attempt_at is not null and channel in ('EMAIL', 'ADF_EMAIL');
create index deliveries_next_push on deliveries (next_attempt_at)
    where next_attempt_at is not null and channel in ('ADF_HTTP', 'JSON_HTTP');
-- The addresses that have pushes waiting, each found by one step, and of each what is due first.
create index deliveries_pushes on deliveries (tenant_id, address, next_attempt_at, id)
    where next_attempt_at is not null and channel in ('ADF_HTTP', 'JSON_HTTP');
-- Those that wait for a mail address, which is given up as a whole.
create index deliveries_pushes_by_mail on deliveries (tenant_id, address)
    where next_attempt_at is not null and channel = 'ADF_EMAIL';
-- How many of an address are in hand.
create index deliveries_held on deliveries (tenant_id, address) where is_held;
create index deliveries_by_lead on deliveries (tenant_id, lead_id, created_at, id);
create index deliveries_by_state on deliveries (tenant_id, state, created_at, id);

-- Addresses that pushes go to and that fail: a row comes with the first failed try and goes with a success.
create table crm_endpoints (
    tenant_id blob not null references tenants (tenant_id),
    address text not null,
    -- Failed tries one after the other, and when the first of them was.
    failed_count bigint not null check (failed_count > 0),
    failing_since bigint not null,
    -- Nothing goes there until then.
    rests_until bigint,
    primary key (tenant_id, address)
);
create index crm_endpoints_resting on crm_endpoints (rests_until) where rests_until is not null;

alter table jobs add column push_to_crm boolean not null default false;

alter table operations add column push_to_crm boolean not null default false;
-- Known when the plan is ready.
alter table operations add column push_count bigint check (push_count >= 0);
update operations set push_count = 0 where mail_count is not null;
