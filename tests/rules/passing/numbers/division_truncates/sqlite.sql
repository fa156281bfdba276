(case when json_type(dealers.custom -> 'bays') = 'integer' then dealers.custom ->> 'bays' end / ?) = ?
$1 = 2
$2 = -1
