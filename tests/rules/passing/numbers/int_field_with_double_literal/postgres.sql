case when jsonb_typeof(dealers.custom -> 'bays') = 'number' then cast(dealers.custom -> 'bays' as bigint) end > $1::bigint
$1 = 7
