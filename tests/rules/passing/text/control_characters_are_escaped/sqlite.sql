dealers.name <> ?
$1 = "\u{7}\n\t"
