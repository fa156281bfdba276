dealers.rating in ($1::double precision, $2::double precision)
$1 = 4.0
$2 = 4.5
