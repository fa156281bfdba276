dealers.rating >= ? and dealers.active
$1 = 4.0
