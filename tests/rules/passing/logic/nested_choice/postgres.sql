case dealers.is_default when true then false when false then case dealers.active when true then dealers.rating >= $1::double precision when false then false end end
$1 = 4.0
