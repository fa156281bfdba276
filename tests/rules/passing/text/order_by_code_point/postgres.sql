dealers.name > $1 collate "C"
$1 = "Z"
