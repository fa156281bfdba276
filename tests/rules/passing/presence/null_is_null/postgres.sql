false or dealers.active
