(dealers.custom ->> 'bays') > ? and json_type(dealers.custom -> 'bays') = 'integer'
$1 = -5
