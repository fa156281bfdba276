dealers.capacity_per_day > $1::bigint or true
$1 = 3
