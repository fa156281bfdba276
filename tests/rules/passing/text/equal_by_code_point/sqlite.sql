dealers.city = ?
$1 = "Montréal"
