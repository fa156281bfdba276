exists (select 1 from json_each(dealers.brands) as q1 where exists (select 1 from json_each(case when json_type(dealers.custom -> 'skills') = 'array' and not exists (select 1 from json_each(dealers.custom -> 'skills') as c where c.value not in (?, ?, ?)) then dealers.custom -> 'skills' end) as q2 where q1.value <> q2.value)) and dealers.city in (?, ?)
$1 = "Sales"
$2 = "Fleet"
$3 = "Service"
$4 = "Boston"
$5 = "Chicago"
