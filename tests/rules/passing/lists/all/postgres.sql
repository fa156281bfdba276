nullif(coalesce((select max(i.t) from (select coalesce(cast(not (q1.v <> $1) as integer) * 2, 1) as t from jsonb_array_elements_text(dealers.brands) as q1(v) offset 0) i), 0), 1) = 0
$1 = "BMW"
