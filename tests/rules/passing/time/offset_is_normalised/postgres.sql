leads.received_at = $1::bigint
$1 = 1782864000000000
