leads.received_at > ? and leads.received_at <= ?
$1 = 1795172400000000
$2 = 11018634436854775
