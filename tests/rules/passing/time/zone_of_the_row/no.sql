1:1: `now.getHours(dealer.time_zone)` can't be asked of the database: the time zone has to stand in the expression, such as 'America/Chicago'
