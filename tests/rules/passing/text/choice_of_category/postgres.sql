(dealers.categories ->> 'tier') <> $1
$1 = "Bronze"
