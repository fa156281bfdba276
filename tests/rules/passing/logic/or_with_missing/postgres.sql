dealers.rating >= $1::double precision or dealers.is_default
$1 = 4.0
