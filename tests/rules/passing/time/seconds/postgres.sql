((leads.received_at + 1262278080000000000) / 1000000 - 1262278080000) > $1::bigint and $2::bigint < leads.received_at
$1 = 1782000000
$2 = 0
