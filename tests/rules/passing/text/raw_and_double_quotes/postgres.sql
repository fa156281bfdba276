(dealers.custom ->> 'note') = $1 and jsonb_typeof(dealers.custom -> 'note') = 'string'
$1 = "50% off \\ it's"
