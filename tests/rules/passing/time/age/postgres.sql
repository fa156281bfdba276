leads.received_at > $1::bigint and leads.received_at <= $2::bigint
$1 = 1795172400000000
$2 = 11018634436854775
