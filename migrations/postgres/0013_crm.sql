-- Pushes to dealers' CRMs: more channels than mail, who asks for them, and how the addresses that they go to are doing.

alter table deliveries drop constraint deliveries_channel_check;
alter table deliveries add constraint deliveries_channel_check check (channel in ('EMAIL', 'ADF_EMAIL', 'ADF_HTTP', 'JSON_HTTP'));
-- Whether a worker has this push in hand, until `next_attempt_at` at most. Of one address only a few are at one time.
alter table deliveries add column is_held boolean not null default false;
-- A push is one lead's and goes to a system, not to a person with a link.
alter table deliveries add constraint deliveries_push_check
    check (channel = 'EMAIL' or (lead_id is not null and offer_id is null and contact_id is null and user_id is null));
alter table deliveries add constraint deliveries_held_check check (not is_held or next_attempt_at is not null);

-- The outbox: what may be sent now, oldest first. Pushes by HTTP wait apart, so that those to a dead address stand in no mail's way.
drop index deliveries_next;
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

-- Addresses that pushes go to and that fail: a row comes with the first failed try and goes with a success.
create table crm_endpoints (
    tenant_id uuid not null references tenants (tenant_id),
    address text collate "C" not null,
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
