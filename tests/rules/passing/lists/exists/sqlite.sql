exists (select 1 from json_each(dealers.brands) as q1 where q1.value = ? or q1.value = ?)
$1 = "BMW"
$2 = "VW"
