(case when cast($1::bigint as numeric) - leads.received_at between $2::bigint and $3::bigint then $4::bigint - leads.received_at end / 3600000000) >= $5::bigint
$1 = 1795262400000000
$2 = -9223372036854775
$3 = 9223372036854775
$4 = 1795262400000000
$5 = 24
