case when jsonb_typeof(leads.custom -> 'trade_in') = 'boolean' then cast(leads.custom -> 'trade_in' as boolean) end and ((leads.custom -> 'budget') >= cast($1 as jsonb) and jsonb_typeof(leads.custom -> 'budget') = 'number')
$1 = "25000"
