(case when ? - leads.received_at between ? and ? then ? - leads.received_at end / 3600000000) >= ?
$1 = 1795262400000000
$2 = -9223372036854775
$3 = 9223372036854775
$4 = 1795262400000000
$5 = 24
