dealers.rating
