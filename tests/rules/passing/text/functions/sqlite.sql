instr(dealers.name, ?) = 1 and substr(dealers.name, length(dealers.name) - length(?) + 1) = ? and instr(dealers.name, ?) > 0
$1 = "Har"
$2 = "ors"
$3 = "ors"
$4 = "bor M"
