leads.state in ($1, $2) and not leads.excluded_from_automation
$1 = "OFFERED"
$2 = "EXPIRED"
