case when case when json_type(dealers.custom -> 'skills') = 'array' and not exists (select 1 from json_each(dealers.custom -> 'skills') as c where c.value not in (?, ?, ?)) then dealers.custom -> 'skills' end is not null then ? in (select q1.value from json_each(case when json_type(dealers.custom -> 'skills') = 'array' and not exists (select 1 from json_each(dealers.custom -> 'skills') as c where c.value not in (?, ?, ?)) then dealers.custom -> 'skills' end) as q1) end
$1 = "Sales"
$2 = "Fleet"
$3 = "Service"
$4 = "Fleet"
$5 = "Sales"
$6 = "Fleet"
$7 = "Service"
