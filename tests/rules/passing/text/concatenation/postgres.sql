((dealers.city || $1) || dealers.region) = $2
$1 = ", "
$2 = "Boston, MA"
