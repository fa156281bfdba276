-- What a plan's pages show is found by an index.

-- Who gets most. `ranked_count` is `lead_count` when the plan became whole, 0 before: so the index is written once, and not with each chunk
-- planned.
alter table operation_shares add column ranked_count bigint not null default 0;
update operation_shares set ranked_count = lead_count;
create index operation_shares_by_rank on operation_shares (tenant_id, operation_id, side, ranked_count, id);

-- Leads with a problem, in the order of the plan. The index by reasons stays, for counts and for one reason.
create index operation_items_problems_in_order on operation_items (tenant_id, operation_id, position) where verdict = 'PROBLEM';

-- As migration 16 does.
insert into sqlite_stat1 (tbl, idx, stat)
select shipped.column1, shipped.column2, shipped.column3 from (values
    ('operation_items', 'operation_items_problems_in_order', '300000 3000 300 1'),
    ('operation_shares', 'operation_shares_by_rank', '3000000 30000 3000 1500 10 1')
) as shipped
where not exists (select 1 from sqlite_stat1 counted where counted.tbl = shipped.column1 and counted.idx = shipped.column2);
analyze sqlite_schema;
