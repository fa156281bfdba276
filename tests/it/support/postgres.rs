//! A PostgreSQL server for the tests, and a database of its own for each. It never touches a server that it did not start,
//! unless `BATON_TEST_POSTGRES_URL` names one.
//!
//! One server serves every test process of one target folder, be it the one process of `cargo test` or the many of
//! nextest:
//!
//! - Each process holds a *shared* lock on `postgres.users` for as long as it lives; the kernel lets go of it however the
//!   process ends, SIGKILL included.
//! - The first process starts the server (under an exclusive lock on `postgres.start`, so that there is one first), writes
//!   down where it is, and leaves a watchdog behind.
//! - The watchdog, a shell process of its own, takes an *exclusive* lock on `postgres.users`, which it gets when nobody
//!   uses the server any more, and then stops it and removes its folder. It waits a few seconds first, because between
//!   two processes of nextest there may be a moment without any.
//!
//! The server sorts text by ICU's English rules on purpose: a query that forgets to say that text compares by code point
//! (SPEC EXPR-5) is found out here rather than on somebody's server.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use baton::clock::Entropy;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Names a server to be used instead; its user must be allowed to create databases.
const URL_VARIABLE: &str = "BATON_TEST_POSTGRES_URL";

/// Speed instead of durability: what this server holds is worthless after the tests.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 300
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
jit = off
timezone = 'UTC'
log_min_messages = fatal
";

/// Runs with the lock file, the server's folder and the command that stops it.
const WATCHDOG: &str = r#"
exec 9>"$1"; folder=$2; shift 2
while :; do
    flock 9; flock --unlock 9
    sleep 5
    flock --nonblock 9 && break
done
"$@"
rm -rf -- "$folder"
"#;

/// A database of one test, removed when the test is over.
pub struct FreshDatabase {
    url: String,
    name: String,
}

impl FreshDatabase {
    /// Where it is, for `database.url`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        // A thread of its own, because the test's runtime can't be waited for from within.
        let statement = format!("drop database if exists {} with (force)", self.name);
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { execute(&mut connect(&server_url("postgres")).await, statement).await });
        });
        if dropped.join().is_err() {
            eprintln!("the database {} was not removed", self.name);
        }
    }
}

/// A new database, copied from the template of that name, which `migrate` brought up to date once for all. `migrate` gets
/// the template's URL and must close its connections before it returns.
pub async fn fresh_database(template: &str, migrate: impl AsyncFnOnce(String)) -> FreshDatabase {
    let mut server = connect(&server_url("postgres")).await;
    let template = find_or_make(template, &mut server, migrate).await;
    let name = format!("baton_test_{:032x}", u128::from_le_bytes(Entropy::from_os().bytes()));
    execute(&mut server, format!("create database {name} template {template}")).await;
    server.close().await.unwrap();
    FreshDatabase { url: server_url(&name), name }
}

/// The template for the migrations as they are now. It gets its name when it is whole, so that a test that was killed
/// half way leaves none behind.
async fn find_or_make(template: &str, server: &mut PgConnection, migrate: impl AsyncFnOnce(String)) -> String {
    let name = format!("baton_template_{template}_{:016x}", migrations_fingerprint());
    // Any number will do, if only every process takes the same.
    server.execute("select pg_advisory_lock(20261121)").await.unwrap();
    let known: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut *server)
        .await
        .unwrap();
    if !known {
        let unfinished = format!("{name}_unfinished");
        execute(server, format!("drop database if exists {unfinished} with (force)")).await;
        execute(server, format!("create database {unfinished}")).await;
        migrate(server_url(&unfinished)).await;
        execute(server, format!("alter database {unfinished} rename to {name}")).await;
    }
    server.execute("select pg_advisory_unlock(20261121)").await.unwrap();
    name
}

fn migrations_fingerprint() -> u64 {
    let mut paths: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres"))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    paths.sort();
    let mut hasher = DefaultHasher::new();
    for path in paths {
        (path.file_name(), fs::read(&path).unwrap()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Names can't be bound; all of ours are made here, of letters, digits and underscores.
async fn execute(connection: &mut PgConnection, statement: String) {
    let done = connection.execute(AssertSqlSafe(statement.clone())).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap_or_else(|error| panic!("can't reach the test server: {error}"))
}

/// The URL of one database of the server, which is started if need be.
pub fn server_url(database: &str) -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let base = &SERVER.get_or_init(Server::find_or_start).url;
    // The database is the path: between the host and the parameters, if there are any.
    let (address, parameters) = base.split_once('?').map_or((base.as_str(), None), |(a, b)| (a, Some(b)));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let host_end = address[after_scheme..].find('/').map_or(address.len(), |at| after_scheme + at);
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("{}/{database}{parameters}", &address[..host_end])
}

struct Server {
    url: String,
    /// Held, never read: closing it tells the watchdog that this process is gone.
    _in_use: Option<File>,
}

impl Server {
    fn find_or_start() -> Self {
        if let Ok(url) = env::var(URL_VARIABLE) {
            return Self { url, _in_use: None };
        }
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let users = target.join("postgres.users");
        let in_use = open(&users);
        in_use.lock_shared().unwrap();
        let starting = open(&target.join("postgres.start"));
        starting.lock().unwrap();
        let note = target.join("postgres.running");
        let url = running(&note).unwrap_or_else(|| {
            let folder = new_folder();
            // First, so that a start that is killed half way leaves nothing behind either.
            leave_watchdog(&users, &folder);
            let url = start(&folder);
            fs::write(&note, format!("{}\n{url}", folder.display())).unwrap();
            url
        });
        Self { url, _in_use: Some(in_use) }
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).unwrap()
}

/// The URL of the server that the note tells of, if it still runs.
fn running(note: &Path) -> Option<String> {
    let note = fs::read_to_string(note).ok()?;
    let (folder, url) = note.split_once('\n')?;
    let status = as_owner(&binary("pg_ctl")).arg("status").arg("-D").arg(folder).output().ok()?;
    status.status.success().then(|| url.to_owned())
}

fn new_folder() -> PathBuf {
    let random = u64::from_le_bytes(Entropy::from_os().bytes());
    env::temp_dir().join(format!("baton-postgres-{random:016x}"))
}

/// Makes a server in the folder, starts it and answers its URL.
fn start(folder: &Path) -> String {
    run(as_owner(&binary("initdb")).arg("-D").arg(folder).args([
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--locale-provider=icu",
        "--icu-locale=en-US",
    ]));
    let configuration = folder.join("postgresql.conf");
    let defaults = fs::read_to_string(&configuration).unwrap();
    let sockets = format!("unix_socket_directories = '{}'\n", folder.display());
    fs::write(&configuration, format!("{defaults}{SETTINGS}{sockets}")).unwrap();
    // Between finding a free port and using it, another may take it: try a few.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = as_owner(&binary("pg_ctl"))
            .args(["start", "--wait", "--silent", "-o", &format!("-p {port}"), "-D"])
            .args([folder.as_os_str(), OsStr::new("-l"), folder.join("server.log").as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if started.unwrap().success() {
            return format!("postgres://postgres@127.0.0.1:{port}");
        }
    }
    let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    panic!("PostgreSQL does not start:\n{log}");
}

/// In a process group of its own, so that the Ctrl-C that ends the tests does not end the watchdog.
#[expect(clippy::zombie_processes, reason = "it outlives this process, that is what it is for")]
fn leave_watchdog(users: &Path, folder: &Path) {
    let stop = as_owner(&binary("pg_ctl"));
    Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog"])
        .args([users, folder])
        .arg(stop.get_program())
        .args(stop.get_args())
        .args(["stop", "--mode=immediate", "--silent", "-D"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// PostgreSQL refuses to run as root, for whom Debian's package has made the user `postgres`.
fn as_owner(program: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // The current folder may be closed to that user.
    command.current_dir(env::temp_dir());
    command
}

/// A program of PostgreSQL: the newest of Debian's, which are not on the path, else whatever is on the path.
fn binary(name: &str) -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version = folder.file_name()?.to_str()?.parse().ok()?;
            Some((version, folder.join("bin").join(name)))
        })
        .filter(|(_, program)| program.is_file())
        .collect();
    versions.sort();
    let on_path =
        || env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file());
    versions.pop().map(|(_, program)| program).or_else(on_path).unwrap_or_else(|| {
        panic!("`{name}` is not installed: install PostgreSQL 15 or newer (Debian: postgresql), or set {URL_VARIABLE}")
    })
}

/// RUN-2
#[tokio::test]
async fn each_test_gets_a_database_of_its_own_made_from_the_template() {
    let template = format!("harness_{:016x}", u64::from_le_bytes(Entropy::from_os().bytes()));
    let migrated = AtomicU32::new(0);
    let migrate = async |url: String| {
        migrated.fetch_add(1, Ordering::Relaxed);
        let mut connection = connect(&url).await;
        connection.execute("create table harness (word text)").await.unwrap();
        connection.close().await.unwrap();
    };
    let one = fresh_database(&template, migrate).await;
    let two = fresh_database(&template, migrate).await;
    assert_eq!(migrated.into_inner(), 1);

    let mut first = connect(one.url()).await;
    first.execute("insert into harness values ('b'), ('B'), ('a'), ('_')").await.unwrap();
    let words: Vec<String> =
        sqlx::query_scalar("select word from harness order by word").fetch_all(&mut first).await.unwrap();
    assert_eq!(words, ["_", "a", "b", "B"], "English order, so that a forgotten `collate` shows");
    let mut second = connect(two.url()).await;
    let rows: i64 = sqlx::query_scalar("select count(*) from harness").fetch_one(&mut second).await.unwrap();
    assert_eq!(rows, 0);

    // A test that ends with open connections loses its database all the same.
    let names = [one.name.clone(), two.name.clone()];
    drop((one, two));
    let mut server = connect(&server_url("postgres")).await;
    let left: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = any($1)")
        .bind(&names[..])
        .fetch_one(&mut server)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let made = format!("baton_template_{template}_{:016x}", migrations_fingerprint());
    execute(&mut server, format!("drop database {made}")).await;
}

#[test]
fn the_database_is_put_where_the_url_has_its_path() {
    // `server_url` reads the server once; only its form is looked at here.
    let url = server_url("some_name");
    let path = url.split_once("://").unwrap().1.split('?').next().unwrap();
    assert_eq!(path.matches('/').count(), 1, "{url}");
    assert!(path.ends_with("/some_name"), "{url}");
}
