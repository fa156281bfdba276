case when json_type(leads.custom -> 'trade_in') in ('true', 'false') then leads.custom ->> 'trade_in' end and ((leads.custom ->> 'budget') >= ? and json_type(leads.custom -> 'budget') = 'integer')
$1 = 25000
