false and dealers.capacity_per_day > ?
$1 = 3
