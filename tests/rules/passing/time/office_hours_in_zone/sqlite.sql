false and true
