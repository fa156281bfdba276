leads.received_at < $1::bigint and leads.received_at >= $2::bigint
$1 = 1795256998500000
$2 = -7428109636854775
