starts_with(dealers.name, $1) and right(dealers.name, length($2)) = $3 and strpos(dealers.name, $4) > 0
$1 = "Har"
$2 = "ors"
$3 = "ors"
$4 = "bor M"
