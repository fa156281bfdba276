leads.state = $1 and (leads.offered_at <= $2::bigint and leads.offered_at >= $3::bigint)
$1 = "OFFERED"
$2 = 1795251600000000
$3 = -7428109636854775
