true or false
