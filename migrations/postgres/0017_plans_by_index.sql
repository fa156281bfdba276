-- What a plan's pages show is found by an index.

-- Who gets most. `ranked_count` is `lead_count` when the plan became whole, 0 before: so the index is written once, and not with each chunk
-- planned.
alter table operation_shares add column ranked_count bigint not null default 0;
update operation_shares set ranked_count = lead_count;
create index operation_shares_by_rank on operation_shares (tenant_id, operation_id, side, ranked_count, id);

-- Leads with a problem, in the order of the plan. The index by reasons stays, for counts and for one reason.
create index operation_items_problems_in_order on operation_items (tenant_id, operation_id, position) where verdict = 'PROBLEM';
