true and dealers.active
