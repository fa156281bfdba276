-- Leads on their way: rules, requests, copies, offers, decisions, messages and the timeline.

create table interfaces (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    name text collate "C" not null,
    description text collate "C" not null,
    candidate_kind text collate "C" not null check (candidate_kind in ('DEALER', 'USER')),
    -- The definition being worked on; null when nothing differs from the published version.
    draft jsonb,
    published_number bigint check (published_number >= 1),
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, name),
    check (draft is not null or published_number is not null)
);

create table interface_versions (
    tenant_id uuid not null,
    id uuid not null,
    interface_id uuid not null,
    number bigint not null check (number >= 1),
    definition jsonb not null,
    note text collate "C" not null,
    published_by text collate "C" not null,
    published_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, interface_id, number),
    foreign key (tenant_id, interface_id) references interfaces (tenant_id, id)
);

create table jobs (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    name text collate "C" not null,
    enabled boolean not null,
    -- Jobs look at a due lead in this order; the first that may act does.
    position bigint not null,
    condition text collate "C" not null,
    elapsed_seconds bigint not null check (elapsed_seconds > 0),
    upper_age_seconds bigint not null check (upper_age_seconds >= elapsed_seconds),
    interface_id uuid not null,
    algorithm text collate "C" not null check (algorithm in ('SINGLE', 'BLAST', 'ROUND_ROBIN', 'NEAREST')),
    blast_size bigint not null check (blast_size between 1 and 100),
    ranking text collate "C" not null check (ranking in ('FROZEN', 'RECOMPUTED')),
    max_rounds bigint not null check (max_rounds between 1 and 100),
    fallback text collate "C" not null check (fallback in ('DEFAULT_DEALER', 'USER', 'LEAVE')),
    fallback_user_id uuid,
    keep_original boolean not null,
    notify_old_owner boolean not null,
    notify_new_owner boolean not null,
    notify_manager boolean not null,
    warn_before_seconds bigint check (warn_before_seconds > 0 and warn_before_seconds < elapsed_seconds),
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, interface_id) references interfaces (tenant_id, id),
    foreign key (tenant_id, fallback_user_id) references users (tenant_id, id),
    check ((fallback = 'USER') = (fallback_user_id is not null))
);
-- "Who uses this interface" is asked before it is deleted.
create index jobs_by_interface on jobs (tenant_id, interface_id);

create table job_runs (
    tenant_id uuid not null,
    id uuid not null,
    job_id uuid not null,
    cause text collate "C" not null check (cause in ('DUE', 'MANUAL')),
    state text collate "C" not null check (state in ('QUEUED', 'RUNNING', 'DONE', 'FAILED')),
    queued_at bigint not null,
    started_at bigint,
    finished_at bigint,
    -- A manual run goes through the leads by id; this is the last one done, so that a restart goes on from there.
    cursor_lead_id uuid,
    -- The worker that has a manual run in hand renews this; past it, another takes over.
    claimed_until bigint,
    examined bigint not null,
    reassigned bigint not null,
    failed bigint not null,
    skipped jsonb not null,
    error text collate "C",
    primary key (tenant_id, id),
    foreign key (tenant_id, job_id) references jobs (tenant_id, id),
    check ((state in ('DONE', 'FAILED')) = (finished_at is not null)),
    check (state = 'QUEUED' or started_at is not null)
);
create index job_runs_by_job on job_runs (tenant_id, job_id, queued_at, id);
-- Workers look for manual runs that wait or were left behind.
create index job_runs_open on job_runs (queued_at) where state in ('QUEUED', 'RUNNING');

create table requests (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    -- The partner's own reference: the same source cannot submit one twice.
    external_id text collate "C",
    source text collate "C" not null,
    campaign text collate "C",
    brand text collate "C",
    product text collate "C",
    interest text collate "C",
    first_name text collate "C",
    last_name text collate "C",
    email text collate "C",
    phone text collate "C",
    street text collate "C",
    city text collate "C",
    region text collate "C",
    country text collate "C" not null check (length(country) = 2),
    postal_code text collate "C",
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    -- Whether the point came with the request or is the postal code's centroid.
    point_source text collate "C" check (point_source in ('GIVEN', 'POSTAL_CODE')),
    comments text collate "C",
    language text collate "C",
    received_at bigint not null,
    created_by text collate "C" not null,
    primary key (tenant_id, id),
    unique (tenant_id, source, external_id),
    check ((lat is null) = (lon is null) and (lat is null) = (point_source is null))
);
-- Staff look customers up by name or address.
create index requests_by_last_name on requests (tenant_id, lower(last_name));
create index requests_by_email on requests (tenant_id, lower(email));

create table decisions (
    tenant_id uuid not null,
    id uuid not null,
    request_id uuid not null,
    -- The copy that the decision took away or first placed.
    lead_id uuid not null,
    job_id uuid,
    interface_id uuid,
    interface_number bigint,
    algorithm text collate "C" not null,
    outcome text collate "C" not null check (outcome in ('ASSIGNED', 'FALLBACK', 'NO_CANDIDATE')),
    decided_at bigint not null,
    decided_by text collate "C" not null,
    -- What the engine knew: the lead's values, the frozen ranking, the excluded by reason.
    inputs jsonb not null,
    candidates jsonb not null,
    considered bigint not null,
    matched bigint not null,
    excluded jsonb not null,
    reason text collate "C" not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, request_id) references requests (tenant_id, id),
    foreign key (tenant_id, job_id) references jobs (tenant_id, id),
    foreign key (tenant_id, interface_id) references interfaces (tenant_id, id)
);
create index decisions_by_request on decisions (tenant_id, request_id, decided_at, id);
-- "Who uses this interface" counts past decisions too: they must stay readable.
create index decisions_by_interface on decisions (tenant_id, interface_id) where interface_id is not null;

create table leads (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    request_id uuid not null,
    root_id uuid not null,
    parent_id uuid,
    round bigint not null check (round >= 0),
    state text collate "C" not null check (state in
        ('UNASSIGNED', 'OFFERED', 'ACKNOWLEDGED', 'ACCEPTED', 'REJECTED', 'EXPIRED', 'WON', 'LOST', 'DELETED')),
    dealer_id uuid,
    user_id uuid,
    -- The decision and the job that made this copy.
    decision_id uuid,
    job_id uuid,
    -- Copied from the request: grids filter and sort by them without a join.
    source text collate "C" not null,
    brand text collate "C",
    received_at bigint not null,
    offered_at bigint,
    acknowledged_at bigint,
    acknowledged_by text collate "C",
    accepted_at bigint,
    rejected_at bigint,
    expired_at bigint,
    reassigned_at bigint,
    closed_at bigint,
    deleted_at bigint,
    -- Why it was rejected, expired, closed or deleted.
    state_reason text collate "C",
    -- Why no candidate was found; lists the lead under exceptions.
    exception text collate "C",
    -- The earliest moments at which some job might act or warn; null when none can.
    due_at bigint,
    warn_at bigint,
    excluded_from_automation boolean not null,
    file_type text collate "C",
    workflow_status text collate "C",
    follow_up_status text collate "C" not null,
    progress text collate "C",
    custom jsonb not null,
    version bigint not null,
    created_by text collate "C" not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, request_id) references requests (tenant_id, id),
    foreign key (tenant_id, root_id) references leads (tenant_id, id),
    foreign key (tenant_id, parent_id) references leads (tenant_id, id),
    foreign key (tenant_id, dealer_id) references dealers (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    foreign key (tenant_id, decision_id) references decisions (tenant_id, id),
    foreign key (tenant_id, job_id) references jobs (tenant_id, id),
    check ((parent_id is null) = (round = 0)),
    check ((parent_id is null) = (root_id = id)),
    check (state <> 'UNASSIGNED' or (dealer_id is null and user_id is null)),
    check (state <> 'OFFERED' or (offered_at is not null and (dealer_id is not null or user_id is not null))),
    check (state <> 'ACKNOWLEDGED' or acknowledged_at is not null),
    check (state <> 'ACCEPTED' or (acknowledged_at is not null and accepted_at is not null)),
    check (state <> 'REJECTED' or (rejected_at is not null and state_reason is not null)),
    check (state <> 'EXPIRED' or (expired_at is not null and state_reason is not null)),
    check (state not in ('WON', 'LOST') or closed_at is not null),
    check (state <> 'DELETED' or (deleted_at is not null and state_reason is not null)),
    check (acknowledged_at is null or acknowledged_by is not null),
    check (state = 'OFFERED' or (due_at is null and warn_at is null)),
    check (reassigned_at is null or due_at is null)
);
-- One root per request.
create unique index leads_one_root on leads (tenant_id, request_id) where parent_id is null;
-- One holder per request: the database itself refuses a second winner of a blast.
create unique index leads_one_holder on leads (tenant_id, request_id)
    where state in ('ACKNOWLEDGED', 'ACCEPTED', 'WON', 'LOST');
-- The chain of a request, in order.
create index leads_by_request on leads (tenant_id, request_id, round, id);
-- The lead grid's default order, and its three commonest filters.
create index leads_by_received on leads (tenant_id, received_at, id);
create index leads_by_state on leads (tenant_id, state, received_at, id);
create index leads_by_dealer on leads (tenant_id, dealer_id, received_at, id);
create index leads_by_user on leads (tenant_id, user_id, received_at, id) where user_id is not null;
create index leads_by_updated on leads (tenant_id, updated_at, id);
-- How many open leads a recipient has, and how many it got today (capacity, fairness).
create index leads_open_by_dealer on leads (tenant_id, dealer_id) where state in ('OFFERED', 'ACKNOWLEDGED', 'ACCEPTED');
create index leads_offered_by_dealer on leads (tenant_id, dealer_id, offered_at) where dealer_id is not null;
create index leads_offered_by_user on leads (tenant_id, user_id, offered_at) where user_id is not null;
-- Deadlines: cost follows what is due, not what is open.
create index leads_due on leads (due_at, tenant_id, request_id) where due_at is not null;
create index leads_warn on leads (warn_at, tenant_id, request_id) where warn_at is not null;
-- A job's change re-arms the leads that wait.
create index leads_waiting on leads (tenant_id, offered_at) where state = 'OFFERED';
create index leads_exceptions on leads (tenant_id, received_at, id) where exception is not null;

create table calendar_events (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    user_id uuid,
    title text collate "C" not null,
    starts_at bigint not null,
    ends_at bigint check (ends_at >= starts_at),
    completed_at bigint,
    version bigint not null,
    created_by text collate "C" not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index calendar_events_by_lead on calendar_events (tenant_id, lead_id, starts_at, id);

create table offers (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    contact_id uuid,
    user_id uuid,
    -- A TO link may acknowledge; a CC link only shows the status.
    kind text collate "C" not null check (kind in ('TO', 'CC')),
    -- How often the link was renewed; the token is derived from it and only its hash is kept.
    generation bigint not null check (generation >= 0),
    token_hash bytea not null,
    expires_at bigint not null,
    opened_at bigint,
    created_at bigint not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    check ((contact_id is null) <> (user_id is null))
);
create index offers_by_lead on offers (tenant_id, lead_id, id);

create table deliveries (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    lead_id uuid,
    offer_id uuid,
    contact_id uuid,
    user_id uuid,
    channel text collate "C" not null check (channel in ('EMAIL')),
    address text collate "C" not null,
    -- What the message says; rendered when it is sent.
    message jsonb not null,
    state text collate "C" not null check (state in ('PENDING', 'SENT', 'FAILED', 'CANCELLED')),
    attempts bigint not null check (attempts >= 0),
    -- When a worker may take it next; while one has it in hand, the moment at which others may take it over.
    next_attempt_at bigint,
    sent_at bigint,
    last_error text collate "C",
    created_at bigint not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, offer_id) references offers (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    check ((state = 'PENDING') = (next_attempt_at is not null)),
    check ((state = 'SENT') = (sent_at is not null)),
    check (state <> 'FAILED' or last_error is not null)
);
-- The outbox: what may be sent now, oldest first.
create index deliveries_next on deliveries (next_attempt_at) where next_attempt_at is not null;
create index deliveries_by_lead on deliveries (tenant_id, lead_id, created_at, id);
create index deliveries_by_state on deliveries (tenant_id, state, created_at, id);

create table delivery_attempts (
    tenant_id uuid not null,
    id uuid not null,
    delivery_id uuid not null,
    number bigint not null check (number >= 1),
    outcome text collate "C" not null check (outcome in ('SENT', 'RETRY', 'FAILED')),
    detail text collate "C",
    attempted_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, delivery_id, number),
    foreign key (tenant_id, delivery_id) references deliveries (tenant_id, id)
);

create table events (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    at bigint not null,
    kind text collate "C" not null,
    -- What changed, by its id as shown outside (`dlr_…`).
    subject text collate "C" not null,
    lead_id uuid,
    request_id uuid,
    actor_kind text collate "C" not null check (actor_kind in ('USER', 'CONTACT', 'PARTNER', 'JOB', 'SYSTEM')),
    actor_id text collate "C" not null,
    actor_name text collate "C" not null,
    before jsonb,
    after jsonb,
    reason text collate "C",
    primary key (tenant_id, id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    foreign key (tenant_id, request_id) references requests (tenant_id, id)
);
-- A lead's timeline and its latest event; a request's whole timeline; the audit log.
create index events_by_lead on events (tenant_id, lead_id, at, id) where lead_id is not null;
create index events_by_request on events (tenant_id, request_id, at, id) where request_id is not null;
create index events_by_time on events (tenant_id, at, id);
create index events_by_subject on events (tenant_id, subject, at, id);

-- First answers to mutations, so that a repeated one does nothing twice.
create table idempotency_keys (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    subject text collate "C" not null,
    key text collate "C" not null,
    -- SHA-256 over the mutation's name and input: the same key with other content is an error.
    fingerprint bytea not null,
    outcome jsonb not null,
    created_at bigint not null,
    expires_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, subject, key)
);
create index idempotency_keys_old on idempotency_keys (expires_at);

-- Where a command-line import stands, so that it can go on after a stop.
create table imports (
    tenant_id uuid not null references tenants (tenant_id),
    id uuid not null,
    kind text collate "C" not null check (kind in ('DEALERS', 'LEADS', 'POSTAL')),
    -- SHA-256 of the file and its mapping: the same file goes on, another starts anew.
    fingerprint bytea not null,
    rows_done bigint not null check (rows_done >= 0),
    created_count bigint not null,
    failed_count bigint not null,
    finished_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, kind, fingerprint)
);
