? in (select q1.v from (select groups.name as v from memberships join groups on groups.tenant_id = memberships.tenant_id and groups.id = memberships.group_id where memberships.tenant_id = users.tenant_id and memberships.user_id = users.id) as q1) or ? in (select q2.v from (select lower(users.role) as v where users.role is not null) as q2)
$1 = "East"
$2 = "admin"
