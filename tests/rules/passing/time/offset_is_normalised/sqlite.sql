leads.received_at = ?
$1 = 1782864000000000
