leads.state in (?, ?) and not leads.excluded_from_automation
$1 = "OFFERED"
$2 = "EXPIRED"
