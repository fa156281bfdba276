-- Rotation: jobs that hand leads out in turn, by a ledger of who has had how many turns.

alter table jobs drop constraint jobs_algorithm_check;
alter table jobs add constraint jobs_algorithm_check
    check (algorithm in ('SINGLE', 'BLAST', 'ROUND_ROBIN', 'NEAREST', 'ROTATION'));
-- Whether an offer that ends without having been acknowledged gives the turn back.
alter table jobs add column gives_turn_back boolean not null default false;

-- A recipient's line in the ledger of a job.
create table rotation_members (
    tenant_id uuid not null,
    job_id uuid not null,
    kind text collate "C" not null check (kind in ('DEALER', 'USER')),
    -- The dealer's or the user's.
    id uuid not null,
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
create index rotation_members_by_turns on rotation_members (tenant_id, job_id, turns, id);
