users.last_name > $1 collate "C" and ((users.custom -> 'level') >= cast($2 as jsonb) and jsonb_typeof(users.custom -> 'level') = 'number')
$1 = "Z"
$2 = "2"
