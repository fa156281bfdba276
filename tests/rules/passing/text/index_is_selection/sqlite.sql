(dealers.custom ->> 'ev') = true and json_type(dealers.custom -> 'ev') in ('true', 'false')
