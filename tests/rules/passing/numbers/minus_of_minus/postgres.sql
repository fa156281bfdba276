(-nullif(-nullif(case when jsonb_typeof(dealers.custom -> 'bays') = 'number' then cast(dealers.custom -> 'bays' as bigint) end, $1::bigint), $2::bigint)) = $3::bigint
$1 = -9223372036854775808
$2 = -9223372036854775808
$3 = 8
