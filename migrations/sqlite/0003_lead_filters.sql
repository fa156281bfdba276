-- Two filters of the lead grid that had to read every lead of a tenant when what they ask for is rare.

-- A source's leads: a partner with a source of its own sees no others, so each of its lists begins here.
create index leads_by_source on leads (tenant_id, source, received_at, id);
-- What a job made, and, before a job is removed, whether it made anything. Most copies of a quiet network are made by none.
create index leads_by_job on leads (tenant_id, job_id, received_at, id) where job_id is not null;
