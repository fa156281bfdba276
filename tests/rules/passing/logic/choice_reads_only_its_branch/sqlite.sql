case dealers.active when true then true when false then dealers.capacity_per_day > ? end
$1 = 1
