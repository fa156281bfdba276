case dealers.rating > ? when true then true when false then true end
$1 = 4.0
