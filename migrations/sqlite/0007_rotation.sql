-- no-transaction
-- Rotation: jobs that hand leads out in turn, by a ledger of who has had how many turns.
--
-- SQLite can't change a check: the table is made anew, as https://sqlite.org/lang_altertable.html#otheralter says. References to it are
-- kept by its name, and must not be looked at meanwhile, which can only be asked for outside a transaction. So it may run twice.

pragma foreign_keys = off;
begin immediate;

drop table if exists jobs_anew;
create table jobs_anew (
    tenant_id blob not null references tenants (tenant_id),
    id blob not null,
    name text not null,
    enabled boolean not null,
    -- Jobs look at a due lead in this order; the first that may act does.
    position bigint not null,
    condition text not null,
    elapsed_seconds bigint not null check (elapsed_seconds > 0),
    upper_age_seconds bigint not null check (upper_age_seconds >= elapsed_seconds),
    interface_id blob not null,
    algorithm text not null check (algorithm in ('SINGLE', 'BLAST', 'ROUND_ROBIN', 'NEAREST', 'ROTATION')),
    blast_size bigint not null check (blast_size between 1 and 100),
    ranking text not null check (ranking in ('FROZEN', 'RECOMPUTED')),
    max_rounds bigint not null check (max_rounds between 1 and 100),
    fallback text not null check (fallback in ('DEFAULT_DEALER', 'USER', 'LEAVE')),
    fallback_user_id blob,
    keep_original boolean not null,
    notify_old_owner boolean not null,
    notify_new_owner boolean not null,
    notify_manager boolean not null,
    warn_before_seconds bigint check (warn_before_seconds > 0 and warn_before_seconds < elapsed_seconds),
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    -- Whether an offer that ends without having been acknowledged gives the turn back.
    gives_turn_back boolean not null default false,
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, interface_id) references interfaces (tenant_id, id),
    foreign key (tenant_id, fallback_user_id) references users (tenant_id, id),
    check ((fallback = 'USER') = (fallback_user_id is not null))
);
insert into jobs_anew (
    tenant_id, id, name, enabled, position, condition, elapsed_seconds, upper_age_seconds, interface_id, algorithm, blast_size,
    ranking, max_rounds, fallback, fallback_user_id, keep_original, notify_old_owner, notify_new_owner, notify_manager,
    warn_before_seconds, version, created_at, updated_at)
select
    tenant_id, id, name, enabled, position, condition, elapsed_seconds, upper_age_seconds, interface_id, algorithm, blast_size,
    ranking, max_rounds, fallback, fallback_user_id, keep_original, notify_old_owner, notify_new_owner, notify_manager,
    warn_before_seconds, version, created_at, updated_at
from jobs;
drop table jobs;
alter table jobs_anew rename to jobs;
create index jobs_by_interface on jobs (tenant_id, interface_id);

-- A recipient's line in the ledger of a job.
create table if not exists rotation_members (
    tenant_id blob not null,
    job_id blob not null,
    kind text not null check (kind in ('DEALER', 'USER')),
    -- The dealer's or the user's.
    id blob not null,
    weight bigint not null check (weight between 1 and 100),
    -- Turns as they count for who is next: those that were had and not given back, and a head start for whoever came later.
    turns bigint not null,
    offered_count bigint not null check (offered_count >= 0),
    returned_count bigint not null check (returned_count >= 0),
    -- Whether it stands among the others; not if it was away since, or competed with nobody yet.
    is_settled boolean not null,
    joined_at bigint not null,
    last_offered_at bigint,
    primary key (tenant_id, job_id, kind, id),
    foreign key (tenant_id, job_id) references jobs (tenant_id, id) on delete cascade
);
-- The ledger as it is shown, who has had fewest first.
create index if not exists rotation_members_by_turns on rotation_members (tenant_id, job_id, turns, id);

commit;
pragma foreign_keys = on;
