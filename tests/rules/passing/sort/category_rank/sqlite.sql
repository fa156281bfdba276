cast(case dealers.categories ->> 'tier' when ? then 0 when ? then 1 when ? then 2 end as bigint)
$1 = "Gold"
$2 = "Silver"
$3 = "Bronze"
