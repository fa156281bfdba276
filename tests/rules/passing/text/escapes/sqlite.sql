(dealers.custom ->> 'note') = ? and json_type(dealers.custom -> 'note') = 'text'
$1 = "50% off \\ it's"
