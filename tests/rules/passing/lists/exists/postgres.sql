exists (select 1 from jsonb_array_elements_text(dealers.brands) as q1(v) where q1.v = $1 or q1.v = $2)
$1 = "BMW"
$2 = "VW"
