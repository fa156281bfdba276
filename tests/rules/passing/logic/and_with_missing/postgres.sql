dealers.rating >= $1::double precision and dealers.active
$1 = 4.0
