((leads.received_at + 1262278080000000000) / 1000000 - 1262278080000) > ? and ? < leads.received_at
$1 = 1782000000
$2 = 0
