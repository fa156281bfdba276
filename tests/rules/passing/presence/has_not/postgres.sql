not (dealers.rating is not null) or dealers.rating > $1::double precision
$1 = 4.2
