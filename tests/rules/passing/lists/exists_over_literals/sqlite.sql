nullif(coalesce((select max(i.t) from (select coalesce((q1.v = dealers.city) * 2, 1) as t from (with w(v) as (values (?), (?)) select v from w) as q1) i), 0), 1) = 2
$1 = "Boston"
$2 = "Salem"
