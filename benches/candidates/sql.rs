//! The same question in indexed SQL: the dealers as columns of their own, a GiST index over their places, B-trees over what is filtered
//! and sorted; prepared statements, as many clients as keep both cores busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use baton::domain::Point;
use baton::places::EARTH_RADIUS_KM;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Executor, PgPool};

use super::postgres;

const CLIENTS: usize = 8;
const MEASURED_FOR: Duration = Duration::from_millis(1_500);

/// One dealer as the database has it.
pub struct Row {
    pub id: i64,
    pub tier: String,
    pub rating: f64,
    pub region: String,
    pub point: Point,
}

/// What is asked about one lead.
#[derive(Clone)]
pub struct Asked {
    pub point: Point,
    pub region: String,
}

/// The filter of a question, beside the lead's.
#[derive(Clone, Copy)]
pub struct Filter {
    pub tiers: &'static [&'static str],
    pub rating_min: f64,
    pub same_region: bool,
    pub km: Option<f64>,
}

/// A database with a table of dealers.
pub struct Database {
    pool: PgPool,
    // Goes away after its connections.
    _database: postgres::FreshDatabase,
}

impl Filter {
    fn sql(&self) -> String {
        let tiers: Vec<String> = self.tiers.iter().map(|tier| format!("'{tier}'")).collect();
        // The lead's place and region are always bound, so that each question has the same three values.
        let region = if self.same_region { "region = $3" } else { "$3::text is not null" };
        let radius = self.km.map_or(String::new(), |km| {
            let metres = km * 1_000.0;
            format!(
                " and earth_box(ll_to_earth($1, $2), {metres}) @> place
                  and earth_distance(place, ll_to_earth($1, $2)) <= {metres}"
            )
        });
        format!(
            "select id from candidates where tier in ({}) and rating >= {} and {region}{radius}
             order by rating desc, earth_distance(place, ll_to_earth($1, $2)), id limit 10",
            tiers.join(", "),
            self.rating_min
        )
    }
}

impl Database {
    /// A table of these dealers, with its indexes.
    pub async fn fill(rows: &[Row]) -> Self {
        let database = postgres::fresh_database("candidates", async |_: String| {}).await;
        let pool = PgPoolOptions::new().max_connections(CLIENTS as u32).connect(database.url()).await.unwrap();
        for statement in [
            "create extension cube".to_owned(),
            "create extension earthdistance".to_owned(),
            // Meant to be replaced by whoever measures with another radius.
            format!(
                "create or replace function earth() returns float8 language sql immutable parallel safe as 'select {}::float8'",
                EARTH_RADIUS_KM * 1_000.0
            ),
            "create table candidates (id bigint primary key, tier text collate \"C\" not null, rating float8 not null,
               region text collate \"C\" not null, place earth not null)"
                .to_owned(),
        ] {
            pool.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        for rows in rows.chunks(10_000) {
            let insert = "insert into candidates select id, tier, rating, region, ll_to_earth(lat, lon)
                from unnest($1::bigint[], $2::text[], $3::float8[], $4::text[], $5::float8[], $6::float8[])
                  as given (id, tier, rating, region, lat, lon)";
            sqlx::query(insert)
                .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.tier.clone()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.rating).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.region.clone()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.point.lat()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.point.lon()).collect::<Vec<_>>())
                .execute(&pool)
                .await
                .unwrap();
        }
        for statement in [
            "create index on candidates using gist (place)",
            "create index on candidates (rating desc)",
            "create index on candidates (region, rating desc)",
            "vacuum analyze candidates",
        ] {
            pool.execute(statement).await.unwrap();
        }
        Self { pool, _database: database }
    }

    /// The first ten for a lead.
    pub async fn first(&self, filter: Filter, asked: &Asked) -> Vec<i64> {
        ask(&self.pool, &filter.sql(), asked).await
    }

    /// How many lists per second.
    pub async fn rate(&self, filter: Filter, leads: &Arc<Vec<Asked>>) -> f64 {
        let sql: Arc<str> = filter.sql().into();
        let count = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (pool, sql, leads, count) =
                    (self.pool.clone(), Arc::clone(&sql), Arc::clone(leads), Arc::clone(&count));
                tokio::spawn(async move {
                    let mut turn = client;
                    while began.elapsed() < MEASURED_FOR {
                        ask(&pool, &sql, &leads[turn % leads.len()]).await;
                        turn += CLIENTS;
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
    }
}

async fn ask(pool: &PgPool, sql: &str, asked: &Asked) -> Vec<i64> {
    let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
    query.bind(asked.point.lat()).bind(asked.point.lon()).bind(&asked.region).fetch_all(pool).await.unwrap()
}
