1:1: `dealer.number.matches('^[A-Z]-[0-9]+$')` can't be asked of the database: the databases' patterns differ, use `startsWith`, `endsWith` or `contains`
