(dealers.active and dealers.rating > ?) or dealers.is_default
$1 = 1.0
