nullif(coalesce((select max(i.t) from (select coalesce(cast(q1.v = dealers.city as integer) * 2, 1) as t from (values ($1), ($2)) as q1(v) offset 0) i), 0), 1) = 2
$1 = "Boston"
$2 = "Salem"
