not (dealers.rating is not null) or dealers.rating > ?
$1 = 4.2
