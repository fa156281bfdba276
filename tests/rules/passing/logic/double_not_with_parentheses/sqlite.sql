not (not dealers.active)
