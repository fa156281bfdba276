exists (select 1 from jsonb_array_elements_text(dealers.brands) as q1(v) where exists (select 1 from jsonb_array_elements_text(case when jsonb_typeof(dealers.custom -> 'skills') = 'array' and (dealers.custom -> 'skills') <@ cast($1 as jsonb) then dealers.custom -> 'skills' end) as q2(v) where q1.v <> q2.v)) and dealers.city in ($2, $3)
$1 = "[\"Sales\",\"Fleet\",\"Service\"]"
$2 = "Boston"
$3 = "Chicago"
