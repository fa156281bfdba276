(dealers.custom -> 'ev') = cast($1 as jsonb) and jsonb_typeof(dealers.custom -> 'ev') = 'boolean'
$1 = "true"
