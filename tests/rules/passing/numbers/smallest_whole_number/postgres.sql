(dealers.custom -> 'bays') > cast($1 as jsonb) and jsonb_typeof(dealers.custom -> 'bays') = 'number'
$1 = "-9223372036854775808"
