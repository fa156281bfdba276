-- Bulk writes: two more indexes that others stand in for.

-- Waiting copies and open ones are found by their state, those of a dealer among the dealer's.
drop index leads_waiting;
drop index leads_open_by_dealer;
