nullif(coalesce((select max(i.t) from (select coalesce((not (instr((q1.value ->> 'prefix'), ?) = 1)) * 2, 1) as t from json_each(dealers.territory) as q1) i), 0), 1) = 0
$1 = "02"
