(select count(*) from json_each(dealers.brands) as q1) >= ?
$1 = 1
