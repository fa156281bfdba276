(select count(*) from jsonb_array_elements_text(dealers.brands) as q1(v)) >= $1::bigint
$1 = 1
