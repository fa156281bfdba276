dealers.rating >= $1::double precision
$1 = 4.0
