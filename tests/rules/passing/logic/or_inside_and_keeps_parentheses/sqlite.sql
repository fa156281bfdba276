(dealers.active or dealers.is_default) and dealers.rating > ?
$1 = 1.0
