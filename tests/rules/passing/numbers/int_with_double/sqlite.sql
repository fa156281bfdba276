dealers.rating >= ?
$1 = 4.0
