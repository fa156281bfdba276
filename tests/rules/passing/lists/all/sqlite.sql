nullif(coalesce((select max(i.t) from (select coalesce((not (q1.value <> ?)) * 2, 1) as t from json_each(dealers.brands) as q1) i), 0), 1) = 0
$1 = "BMW"
