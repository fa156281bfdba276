users.last_name > ? and ((users.custom ->> 'level') >= ? and json_type(users.custom -> 'level') = 'integer')
$1 = "Z"
$2 = 2
