(-nullif(-nullif(case when json_type(dealers.custom -> 'bays') = 'integer' then dealers.custom ->> 'bays' end, ?), ?)) = ?
$1 = -9223372036854775808
$2 = -9223372036854775808
$3 = 8
