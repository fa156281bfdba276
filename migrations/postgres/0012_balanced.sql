-- Balanced operations: all of their leads are looked at together before any of them is planned, and who is to get each is kept with it.

alter table operations add column is_shared_out boolean not null default false;
alter table operation_leads add column kind text collate "C" check (kind in ('DEALER', 'USER'));
-- A dealer's or a user's id; null where nobody is to get the lead.
alter table operation_leads add column recipient_id uuid check ((kind is null) = (recipient_id is null));
