dealers.rating < ? and (dealers.categories ->> 'tier') = ? and case when leads.user_id is not null then ? in (select q1.v from (select groups.name as v from memberships join groups on groups.tenant_id = memberships.tenant_id and groups.id = memberships.group_id where memberships.tenant_id = leads.tenant_id and memberships.user_id = leads.user_id) as q1) end
$1 = 3.0
$2 = "Bronze"
$3 = "Fleet"
