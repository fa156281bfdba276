dealers.rating >= ? or dealers.is_default
$1 = 4.0
