false and dealers.capacity_per_day > $1::bigint
$1 = 3
