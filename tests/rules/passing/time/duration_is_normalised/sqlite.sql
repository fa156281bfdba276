leads.received_at < ? and leads.received_at >= ?
$1 = 1795256998500000
$2 = -7428109636854775
