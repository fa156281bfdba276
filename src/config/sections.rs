//! The table of every key: its type, default and meaning stand in one place, from which the structs, the example file
//! and the list of known keys are made. A key that is not in this table does not exist.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// One section of the file, `[name]`.
#[derive(Debug)]
pub struct Section {
    /// The name in brackets.
    pub name: &'static str,
    /// What the section is about, line by line.
    pub about: &'static [&'static str],
    /// Its keys.
    pub keys: &'static [Key],
}

/// One key of a section.
#[derive(Debug)]
pub struct Key {
    /// The name before the equals sign.
    pub name: &'static str,
    /// Meaning and unit, line by line.
    pub about: &'static [&'static str],
    /// What the example file shows.
    pub shown: Shown,
    /// The Rust type, from which secrets and lists are told apart.
    pub(super) kind: &'static str,
}

impl Key {
    /// Whether the value must not be shown.
    pub fn is_secret(&self) -> bool {
        self.kind.contains("SecretString")
    }

    /// Whether the value is a list, which a variable gives separated by commas.
    pub fn is_list(&self) -> bool {
        self.kind.starts_with("Vec")
    }
}

/// A value as TOML text.
#[derive(Clone, Copy, Debug)]
pub enum Shown {
    /// Holds unless something else is set.
    Default(&'static str),
    /// There is no default; this is what one might look like.
    Unset(&'static str),
}

macro_rules! sections {
    ($(
        $(#[doc = $section_about:literal])*
        $section:ident: $Section:ident {
            $(
                $(#[doc = $about:literal])*
                $key:ident: $type:ty = $shown:ident($text:literal);
            )*
        }
    )*) => {
        /// Everything that can be set, by section.
        #[derive(Clone, Debug, Deserialize)]
        pub struct Config {
            $($(#[doc = $section_about])* pub $section: $Section,)*
        }

        $(
            $(#[doc = $section_about])*
            #[derive(Clone, Debug, Deserialize)]
            pub struct $Section {
                $($(#[doc = $about])* pub $key: $type,)*
            }
        )*

        /// Every section with its keys, in the order of the example file.
        pub const SECTIONS: &[Section] = &[$(Section {
            name: stringify!($section),
            about: &[$($section_about),*],
            keys: &[$(Key {
                name: stringify!($key),
                about: &[$($about),*],
                shown: Shown::$shown($text),
                kind: stringify!($type),
            }),*],
        }),*];
    };
}

sections! {
    /// Where the server listens and how it is reached.
    server: Server {
        /// Address and port to listen on.
        listen: SocketAddr = Default(r#""127.0.0.1:8080""#);
        /// The address under which people reach the server: every link in a mail begins with it. No slash at the end.
        public_url: String = Default(r#""http://127.0.0.1:8080""#);
        /// HTTP worker threads; 0 is one per core.
        threads: usize = Default("0");
        /// Seconds that requests under way get to finish when the server is told to stop.
        shutdown_seconds: u64 = Default("30");
        /// Megabytes for the networks and compiled interfaces that are kept ready; a network of 10,000 dealers takes about 4. Tenants
        /// that were asked for the longest ago leave first, and are read again when they are asked for.
        networks_megabytes: usize = Default("512");
    }

    /// Where everything is saved.
    database: Database {
        /// `sqlite://<file>` (embedded, one machine) or `postgres://<user>:<password>@<host>/<database>`.
        url: SecretString = Default(r#""sqlite://baton.sqlite""#);
        /// A file that holds the URL, because the URL may hold a password. It wins over `url`.
        url_file: Option<PathBuf> = Unset(r#""/run/secrets/database_url""#);
        /// Connections that this process opens at most. Keep the sum over all processes below PostgreSQL's own limit.
        connections: u32 = Default("16");
        /// Whether processes tell each other of changes by LISTEN and NOTIFY, on a connection of its own. Set it to false behind a pooler
        /// that lends connections per transaction: changes made elsewhere are then found by looking (`sockets.poll_ms`, `workers.poll_ms`).
        notify: bool = Default("true");
    }

    /// Whose tokens are believed. A token is a JWT; `baton token` issues some for development.
    auth: Auth {
        /// The `iss` that every token must carry.
        issuer: String = Default(r#""baton""#);
        /// The `aud` that every token must carry.
        audience: String = Default(r#""baton""#);
        /// Algorithms that are accepted, of HS256, RS256, ES256, EdDSA. HS256 is checked with `secret`, the others with
        /// the public keys of `jwks_file` or `jwks_url`.
        algorithms: Vec<Algorithm> = Default(r#"["HS256"]"#);
        /// The shared secret of HS256: at least 32 bytes.
        secret: Option<SecretString> = Unset(r#""… at least 32 random bytes …""#);
        /// A file that holds the secret instead.
        secret_file: Option<PathBuf> = Unset(r#""/run/secrets/auth_secret""#);
        /// A file with public keys as a JSON Web Key Set; it is read again when it changes.
        jwks_file: Option<PathBuf> = Unset(r#""/etc/baton/jwks.json""#);
        /// An https address of a JSON Web Key Set, fetched at the start and then again and again.
        jwks_url: Option<String> = Unset(r#""https://login.example.com/.well-known/jwks.json""#);
        /// Seconds between two fetches of `jwks_url`.
        jwks_refresh_seconds: u64 = Default("300");
        /// Seconds by which the issuer's clock and ours may differ.
        leeway_seconds: u64 = Default("60");
    }

    /// Sockets: WebSockets at `/graphql` by the protocol `graphql-transport-ws`, for subscriptions. The limits hold for this server alone.
    sockets: Sockets {
        /// Sockets that are open at one time. One takes some 50 kilobytes.
        total: usize = Default("2_000");
        /// Sockets that one credential has open at one time: a person has a few tabs, a partner's program a few processes.
        per_credential: usize = Default("20");
        /// Operations that go on at one time on one socket: a page follows a few things, and asks beside.
        operations: usize = Default("50");
        /// Seconds within which whoever opens a socket has to say who it is.
        init_seconds: u64 = Default("5");
        /// Seconds between two pings; whoever has not answered one when the next is due is gone. Proxies commonly cut a connection that
        /// is silent for 60.
        ping_seconds: u64 = Default("25");
        /// Seconds that a message may wait for a client that does not read. Then its socket is closed: nothing more is kept for it.
        send_seconds: u64 = Default("10");
        /// Origins of other web pages that may open sockets, such as `https://console.example.com`. Pages of this server itself may, and
        /// so may programs that are no browsers.
        origins: Vec<String> = Default("[]");
        /// Milliseconds between two looks for changes that nobody announced, while somebody subscribes. A subscriber hears of a change
        /// late by as much when its announcement was lost, or came from another process on SQLite.
        poll_ms: u64 = Default("1_000");
    }

    /// What only this installation knows.
    secrets: Secrets {
        /// The key behind link tokens and page cursors: at least 32 bytes, the same on every server of one database.
        /// Whoever changes it makes the links in mails already sent useless.
        key: Option<SecretString> = Unset(r#""… at least 32 random bytes …""#);
        /// A file that holds the key instead.
        key_file: Option<PathBuf> = Unset(r#""/run/secrets/baton_key""#);
    }

    /// The server that takes outgoing mail. Without `host`, mail waits in the database.
    mail: Mail {
        /// Name of the SMTP server.
        host: Option<String> = Unset(r#""smtp.example.com""#);
        /// Its port: 587 for `starttls`, 465 for `tls`, 25 for `none`.
        port: u16 = Default("587");
        /// `starttls` (upgrade or refuse), `tls` (from the first byte), or `none` (never with a password, except to
        /// this machine itself).
        tls: MailTls = Default(r#""starttls""#);
        /// The login, if the server asks for one.
        username: Option<String> = Unset(r#""baton""#);
        /// Its password.
        password: Option<SecretString> = Unset(r#""…""#);
        /// A file that holds the password instead.
        password_file: Option<PathBuf> = Unset(r#""/run/secrets/mail_password""#);
        /// The sender that recipients see.
        from: String = Default(r#""Baton <baton@localhost>""#);
        /// Where answers go, if not to the sender.
        reply_to: Option<String> = Unset(r#""Lead desk <leads@example.com>""#);
        /// Seconds that the SMTP server may take for one answer.
        timeout_seconds: u64 = Default("30");
    }

    /// The systems of dealers that leads are pushed to.
    crm: Crm {
        /// How far pushes by HTTP reach: `public` (https to public addresses, as it should be), `anywhere` (also private addresses and this
        /// machine, also by plain http: for development and tests only), or `nowhere` (they wait).
        reach: CrmReach = Default(r#""public""#);
    }

    /// What one GraphQL request may cost. A refusal names the limit and the number.
    limits: Limits {
        /// Bytes of a request's body.
        body_bytes: usize = Default("100_000");
        /// Tokens of a document, which bound the parser's work.
        tokens: usize = Default("2_000");
        /// Levels of nested fields.
        depth: usize = Default("12");
        /// Fields under another name.
        aliases: usize = Default("30");
        /// Fields at the top of an operation.
        root_fields: usize = Default("20");
        /// Directives in a document.
        directives: usize = Default("50");
        /// Objects that the answer may hold, list fields multiplied by their page size.
        cost: usize = Default("5_000");
        /// Fields that the answer may hold, those of each object counted.
        fields: usize = Default("100_000");
        /// Requests per minute that one credential may make, all of which may come at once.
        requests_per_minute: u32 = Default("3_000");
        /// Bytes of a file that is uploaded to be imported.
        upload_bytes: usize = Default("100_000_000");
        /// Who may read the schema: `everyone`, `authenticated`, `admins`, `nobody`.
        introspection: Visibility = Default(r#""authenticated""#);
        /// Who is told the nearest known name of a mistyped field: `everyone`, `authenticated`, `admins`, `nobody`.
        suggestions: Visibility = Default(r#""authenticated""#);
    }

    /// Work that happens later: expiry, jobs, deliveries.
    workers: Workers {
        /// Whether `baton serve` works too; `baton work` always does.
        enabled: bool = Default("true");
        /// Milliseconds between two looks for due work that no notification announced. A lead may be late by as much.
        poll_ms: u64 = Default("500");
        /// Rows that are claimed at once: enough to keep a worker busy, few enough to be redone after a crash.
        batch_size: u32 = Default("500");
        /// Chunks of bulk operations that this process carries out at one time: two for each core of PostgreSQL's are quickest, SQLite takes one.
        operations_at_once: u32 = Default("1");
        /// Percent of its time that each of those spends on chunks; the rest is left to live traffic.
        operations_share: u32 = Default("80");
    }

    /// What the server says about itself, on standard error.
    log: Log {
        /// `json` (one object per line) or `text`.
        format: LogFormat = Default(r#""json""#);
        /// `error`, `warn`, `info`, `debug`, `trace`, or such per module: `info,baton::jobs=debug`.
        level: String = Default(r#""info""#);
    }
}

/// A signature algorithm of JSON Web Tokens (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256 and a shared secret.
    HS256,
    /// RSA PKCS #1 v1.5 with SHA-256.
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// How the way to the SMTP server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// In clear text.
    None,
    /// In clear text until the server has agreed to TLS; refused if it does not.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// How far pushes to dealers' systems reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrmReach {
    /// Https to public addresses.
    Public,
    /// Any address, also by plain http.
    Anywhere,
    /// No address.
    Nowhere,
}

/// For whom something about the schema is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Whoever asks, also without a token.
    Everyone,
    /// Whoever has a valid token.
    Authenticated,
    /// Administrators of a tenant.
    Admins,
    /// Nobody.
    Nobody,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

/// The example file: every key with its meaning and default; a key without default is commented out.
pub fn example() -> String {
    let mut lines = vec![
        "# Every key of Baton with its default. Read from `baton.toml` or the file given by `--config`.".to_owned(),
        "# A variable wins over the file: `BATON_SERVER__LISTEN` sets `listen` in `[server]`; a list is separated by \
         commas."
            .to_owned(),
    ];
    for section in SECTIONS {
        lines.push(String::new());
        lines.extend(section.about.iter().map(|line| format!("#{line}")));
        lines.push(format!("[{}]", section.name));
        for key in section.keys {
            lines.push(String::new());
            lines.extend(key.about.iter().map(|line| format!("#{line}")));
            lines.push(match key.shown {
                Shown::Default(value) => format!("{} = {value}", key.name),
                Shown::Unset(value) => format!("#{} = {value}", key.name),
            });
        }
    }
    lines.join("\n") + "\n"
}
