cast(length(case when jsonb_typeof(dealers.custom -> 'note') = 'string' then dealers.custom ->> 'note' end) as bigint) = $1::bigint
$1 = 16
