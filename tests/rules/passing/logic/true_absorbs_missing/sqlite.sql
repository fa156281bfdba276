dealers.capacity_per_day > ? or true
$1 = 3
