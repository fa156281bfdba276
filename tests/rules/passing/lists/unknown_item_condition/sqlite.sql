exists (select 1 from json_each(dealers.brands) as q1 where dealers.rating > ?)
$1 = 4.2
