lower(case when json_type(dealers.custom -> 'note') = 'text' then dealers.custom ->> 'note' end) = ?
$1 = "grüße aus zürich"
