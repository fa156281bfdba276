((dealers.city || ?) || dealers.region) = ?
$1 = ", "
$2 = "Boston, MA"
