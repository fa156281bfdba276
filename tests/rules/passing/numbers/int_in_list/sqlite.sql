leads.round in (?, ?)
$1 = 0
$2 = 2
