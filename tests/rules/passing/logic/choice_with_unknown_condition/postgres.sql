case dealers.rating > $1::double precision when true then true when false then true end
$1 = 4.0
