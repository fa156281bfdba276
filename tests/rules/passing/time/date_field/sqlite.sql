case when json_type(dealers.custom -> 'opened') = 'text' then unixepoch(substr(dealers.custom ->> 'opened', 1, 19)) * 1000000 + cast(substr(dealers.custom ->> 'opened', 21, 6) as integer) end < ?
$1 = 1583020800000000
