dealers.rating is not null
