dealers.accepts_leads and dealers.rating > ?
$1 = 4.0
