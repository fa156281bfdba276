leads.state = ? and (leads.offered_at <= ? and leads.offered_at >= ?)
$1 = "OFFERED"
$2 = 1795251600000000
$3 = -7428109636854775
