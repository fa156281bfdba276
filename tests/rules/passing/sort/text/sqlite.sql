lower(dealers.name)
