case when case when jsonb_typeof(dealers.custom -> 'skills') = 'array' and (dealers.custom -> 'skills') <@ cast($1 as jsonb) then dealers.custom -> 'skills' end is not null then $2 in (select q1.v from jsonb_array_elements_text(case when jsonb_typeof(dealers.custom -> 'skills') = 'array' and (dealers.custom -> 'skills') <@ cast($3 as jsonb) then dealers.custom -> 'skills' end) as q1(v)) end
$1 = "[\"Sales\",\"Fleet\",\"Service\"]"
$2 = "Fleet"
$3 = "[\"Sales\",\"Fleet\",\"Service\"]"
