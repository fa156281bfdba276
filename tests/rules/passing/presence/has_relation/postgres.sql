leads.dealer_id is not null and not (leads.user_id is not null)
