exists (select 1 from jsonb_array_elements_text(dealers.brands) as q1(v) where dealers.rating > $1::double precision)
$1 = 4.2
