lower(case when jsonb_typeof(dealers.custom -> 'note') = 'string' then dealers.custom ->> 'note' end collate "C") = $1
$1 = "grüße aus zürich"
