leads.round in ($1::bigint, $2::bigint)
$1 = 0
$2 = 2
