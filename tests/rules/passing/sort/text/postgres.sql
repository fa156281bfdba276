lower(dealers.name collate "C")
