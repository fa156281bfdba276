cast(case dealers.categories ->> 'tier' when $1 then 0 when $2 then 1 when $3 then 2 end as bigint)
$1 = "Gold"
$2 = "Silver"
$3 = "Bronze"
