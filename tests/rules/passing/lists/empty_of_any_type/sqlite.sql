true and true and true and true
