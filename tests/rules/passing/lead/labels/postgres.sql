leads.visibility = $1 or (starts_with(leads.language, $2) and (not (leads.alert is not null) or strpos(leads.alert, $3) > 0))
$1 = "RESTRICTED"
$2 = "en"
$3 = "call"
