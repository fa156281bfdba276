case when jsonb_typeof(dealers.custom -> 'opened') = 'string' then cast(extract(epoch from cast(dealers.custom ->> 'opened' as timestamp)) * 1000000 as bigint) end < $1::bigint
$1 = 1583020800000000
