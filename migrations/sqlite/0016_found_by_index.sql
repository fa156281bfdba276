-- What is searched is found by an index.

-- Dealers and users are looked up by how their names begin, whatever the case.
create index dealers_by_lower_name on dealers (tenant_id, lower(name));
create index dealers_by_lower_number on dealers (tenant_id, lower(number));
create index users_by_lower_last_name on users (tenant_id, lower(last_name));
create index users_by_lower_first_name on users (tenant_id, lower(first_name));

-- A request is in few plans. In this order of the columns no other index is as good for finding them while a growing plan was never counted.
drop index operation_items_by_request;
create index operation_items_by_request on operation_items (tenant_id, request_id, operation_id);

-- What SQLite's planner takes the large tables for: it counts nothing by itself, and without numbers it holds an index that only begins
-- with the tenant for selective, so that it went through all offers or events of a tenant rather than sort the few of one lead.
--
-- <https://sqlite.org/lang_analyze.html>, "Manual Control Of Query Plans Using SQLITE_STAT Tables": how many rows an index has, and how
-- many of them have the same first column, the same first two, and so on. Here a hundred tenants have 300,000 copies and 3,000 dealers
-- each. What somebody counted by `analyze` stays.

analyze tenants;
insert into sqlite_stat1 (tbl, idx, stat)
select shipped.column1, shipped.column2, shipped.column3 from (values
    ('calendar_events', 'calendar_events_by_lead', '3000000 30000 2 1 1'),
    ('calendar_events', 'sqlite_autoindex_calendar_events_1', '3000000 30000 1'),
    ('contacts', 'contacts_by_dealer', '500000 5000 2 1'),
    ('contacts', 'sqlite_autoindex_contacts_1', '500000 5000 1'),
    ('dealers', 'dealers_by_lower_name', '300000 3000 2'),
    ('dealers', 'dealers_by_lower_number', '300000 3000 2'),
    ('dealers', 'dealers_by_name', '300000 3000 1 1'),
    ('dealers', 'dealers_one_default', '100 1'),
    ('dealers', 'sqlite_autoindex_dealers_1', '300000 3000 1'),
    ('dealers', 'sqlite_autoindex_dealers_2', '300000 3000 1 1'),
    ('decisions', 'decisions_by_interface', '10000000 100000 10000'),
    ('decisions', 'decisions_by_request', '30000000 300000 3 1 1'),
    ('decisions', 'sqlite_autoindex_decisions_1', '30000000 300000 1'),
    ('deliveries', 'deliveries_by_lead', '50000000 500000 2 1 1'),
    ('deliveries', 'deliveries_by_state', '50000000 500000 100000 1 1'),
    ('deliveries', 'sqlite_autoindex_deliveries_1', '50000000 500000 1'),
    ('delivery_attempts', 'sqlite_autoindex_delivery_attempts_1', '50000000 500000 1'),
    ('delivery_attempts', 'sqlite_autoindex_delivery_attempts_2', '50000000 500000 1 1'),
    ('events', 'events_by_request', '100000000 1000000 10 1 1'),
    ('events', 'events_by_subject', '1000000 10000 3 1 1'),
    ('events', 'events_by_time', '100000000 1000000 1 1'),
    ('events', 'sqlite_autoindex_events_1', '100000000 1000000 1'),
    ('lead_assignments', 'lead_assignments_by_company', '1000000 10000 300 1'),
    ('lead_assignments', 'lead_assignments_by_user', '1000000 10000 100 1'),
    ('lead_assignments', 'lead_assignments_one_name', '1000000 10000 2 1 1'),
    ('lead_assignments', 'lead_assignments_one_user', '1000000 10000 2 1'),
    ('lead_assignments', 'sqlite_autoindex_lead_assignments_1', '3000000 30000 2 2 1'),
    ('lead_notes', 'lead_notes_by_lead', '10000000 100000 2 1 1'),
    ('lead_notes', 'lead_notes_by_operation', '3000000 30000 10000 1'),
    ('lead_notes', 'sqlite_autoindex_lead_notes_1', '10000000 100000 1'),
    ('leads', 'leads_by_dealer', '30000000 300000 100 1 1'),
    ('leads', 'leads_by_job', '10000000 100000 10000 1 1'),
    ('leads', 'leads_by_received', '30000000 300000 3 1'),
    ('leads', 'leads_by_request', '30000000 300000 3 1 1'),
    ('leads', 'leads_by_source', '30000000 300000 100000 3 1'),
    ('leads', 'leads_by_state', '30000000 300000 100000 3 1'),
    ('leads', 'leads_by_updated', '30000000 300000 3 1'),
    ('leads', 'leads_by_user', '3000000 30000 100 1 1'),
    ('leads', 'leads_due', '300000 1 1 1'),
    ('leads', 'leads_exceptions', '30000 300 1 1'),
    ('leads', 'leads_one_holder', '3000000 30000 1'),
    ('leads', 'leads_one_root', '10000000 100000 1'),
    ('leads', 'leads_warn', '300000 1 1 1'),
    ('leads', 'sqlite_autoindex_leads_1', '30000000 300000 1'),
    ('offers', 'offers_by_lead', '30000000 300000 1 1'),
    ('offers', 'sqlite_autoindex_offers_1', '30000000 300000 1'),
    ('operation_items', 'operation_items_by_request', '30000000 300000 3 1'),
    ('operation_items', 'operation_items_problems', '300000 3000 300 100 1'),
    ('operation_items', 'sqlite_autoindex_operation_items_1', '30000000 300000 30000 1'),
    ('operation_leads', 'sqlite_autoindex_operation_leads_1', '3000000 30000 3000 1'),
    ('operation_results', 'operation_results_left', '300000 3000 300 150 1'),
    ('operation_results', 'sqlite_autoindex_operation_results_1', '30000000 300000 30000 1'),
    ('operation_shares', 'sqlite_autoindex_operation_shares_1', '3000000 30000 3000 1500 1'),
    ('requests', 'requests_by_email', '10000000 100000 2'),
    ('requests', 'requests_by_last_name', '10000000 100000 10'),
    ('requests', 'sqlite_autoindex_requests_1', '10000000 100000 1'),
    ('requests', 'sqlite_autoindex_requests_2', '10000000 100000 10000 1'),
    ('users', 'sqlite_autoindex_users_1', '300000 3000 1'),
    ('users', 'sqlite_autoindex_users_2', '300000 3000 1'),
    ('users', 'users_by_lower_first_name', '300000 3000 10'),
    ('users', 'users_by_lower_last_name', '300000 3000 10'),
    ('users', 'users_by_name', '300000 3000 10 1')
) as shipped
where not exists (select 1 from sqlite_stat1 counted where counted.tbl = shipped.column1 and counted.idx = shipped.column2);
-- Reads them.
analyze sqlite_schema;
