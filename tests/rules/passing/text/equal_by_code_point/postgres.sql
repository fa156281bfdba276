dealers.city = $1
$1 = "Montréal"
