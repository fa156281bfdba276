leads.visibility = ? or (instr(leads.language, ?) = 1 and (not (leads.alert is not null) or instr(leads.alert, ?) > 0))
$1 = "RESTRICTED"
$2 = "en"
$3 = "call"
