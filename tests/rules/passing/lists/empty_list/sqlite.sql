case when dealers.city is not null then false end
