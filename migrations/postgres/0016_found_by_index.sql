-- What is searched is found by an index. SQLite's planner is given numbers here, too; PostgreSQL counts for itself.

-- Dealers and users are looked up by how their names begin, whatever the case.
create index dealers_by_lower_name on dealers (tenant_id, lower(name));
create index dealers_by_lower_number on dealers (tenant_id, lower(number));
create index users_by_lower_last_name on users (tenant_id, lower(last_name));
create index users_by_lower_first_name on users (tenant_id, lower(first_name));

-- A request is in few plans. In this order of the columns no other index is as good for finding them while a growing plan was never counted.
drop index operation_items_by_request;
create index operation_items_by_request on operation_items (tenant_id, request_id, operation_id);
