nullif(coalesce((select max(i.t) from (select coalesce(cast(not starts_with((q1.v ->> 'prefix'), $1) as integer) * 2, 1) as t from jsonb_array_elements(dealers.territory) as q1(v) offset 0) i), 0), 1) = 0
$1 = "02"
