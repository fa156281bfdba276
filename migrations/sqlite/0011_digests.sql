-- Digests: operations that tell each new owner once, when they end.

-- Whether new owners are still to be told of what was handed on before it was given up. One that runs to its end is done when they were told.
alter table operations add column is_telling boolean not null default false
    check (not is_telling or state in ('CANCELLED', 'FAILED'));

drop index operations_open;
create index operations_open on operations (created_at, tenant_id, id)
    where state in ('PREPARING', 'RUNNING') or is_telling;

-- Copies of which their new owners are still to be told. A row comes with the copy, and goes with the message.
create table operation_untold (
    tenant_id blob not null,
    operation_id blob not null,
    -- A dealer's or a user's id.
    recipient_id blob not null,
    lead_id blob not null,
    kind text not null check (kind in ('DEALER', 'USER')),
    primary key (tenant_id, operation_id, recipient_id, lead_id),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id) on delete cascade
);
