1:1: `dealer.brands == ['BMW']` can't be asked of the database: a stored list can't be compared as a whole, ask for its items by `in`, `exists`, `all` or `size`
