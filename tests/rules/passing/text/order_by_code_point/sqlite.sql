dealers.name > ?
$1 = "Z"
