(dealers.categories ->> 'tier') <> ?
$1 = "Bronze"
