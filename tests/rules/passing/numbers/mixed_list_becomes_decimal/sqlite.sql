dealers.rating in (?, ?)
$1 = 4.0
$2 = 4.5
