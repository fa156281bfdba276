//! What a value must be beyond its type. All problems are told at once; nothing is changed or guessed.

use secrecy::{ExposeSecret, SecretString};

use super::sections::{Algorithm, Auth, Config, Limits, Mail, MailTls, Sockets};

/// Shorter keys can be tried out; RFC 7518 section 3.2 asks for as much as the hash has.
const KEY_BYTES_MIN: usize = 32;

impl Config {
    /// Everything that is wrong, each with its key and what to do.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Problems(Vec::new());
        let url = &self.server.public_url;
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        problems.unless(
            is_web && !url.ends_with('/') && !url.contains(['?', '#', ' ']),
            &format!("server.public_url: `{url}` must begin with http:// or https:// and not end with a slash"),
        );
        problems.unless(
            ["sqlite:", "postgres://", "postgresql://"]
                .iter()
                .any(|scheme| self.database.url.expose_secret().starts_with(scheme)),
            "database.url: must begin with sqlite:// or postgres://",
        );
        problems.positive("database.connections", self.database.connections.into());
        problems.auth(&self.auth);
        problems.key("secrets.key", self.secrets.key.as_ref());
        problems.mail(&self.mail);
        problems.limits(&self.limits);
        problems.positive("server.networks_megabytes", self.server.networks_megabytes as u64);
        problems.sockets(&self.sockets);
        problems.positive("workers.poll_ms", self.workers.poll_ms);
        problems.positive("workers.batch_size", self.workers.batch_size.into());
        problems.positive("workers.operations_at_once", self.workers.operations_at_once.into());
        problems
            .unless((1..=100).contains(&self.workers.operations_share), "workers.operations_share: must be 1 to 100");
        problems.0
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, sound: bool, problem: &str) {
        if !sound {
            self.0.push(problem.to_owned());
        }
    }

    fn positive(&mut self, key: &str, value: u64) {
        self.unless(value > 0, &format!("{key}: must be at least 1"));
    }

    fn key(&mut self, name: &str, key: Option<&SecretString>) {
        let length = key.map_or(KEY_BYTES_MIN, |key| key.expose_secret().len());
        self.unless(
            length >= KEY_BYTES_MIN,
            &format!("{name}: has {length} bytes, at least {KEY_BYTES_MIN} are needed, try `openssl rand -base64 48`"),
        );
    }

    fn auth(&mut self, auth: &Auth) {
        self.unless(!auth.issuer.is_empty(), "auth.issuer: must not be blank");
        self.unless(!auth.audience.is_empty(), "auth.audience: must not be blank");
        self.unless(!auth.algorithms.is_empty(), "auth.algorithms: name at least one");
        self.key("auth.secret", auth.secret.as_ref());
        let shared = auth.algorithms.contains(&Algorithm::HS256);
        self.unless(shared || auth.secret.is_none(), "auth.secret: is only used by HS256, which is not allowed");
        let public = auth.algorithms.iter().any(|algorithm| *algorithm != Algorithm::HS256);
        let key_set = auth.jwks_file.is_some() || auth.jwks_url.is_some();
        self.unless(
            public || !key_set,
            "auth.algorithms: a key set is given, but none of RS256, ES256, EdDSA is allowed",
        );
        self.unless(
            auth.jwks_file.is_none() || auth.jwks_url.is_none(),
            "auth.jwks_file: is set beside auth.jwks_url, keep one",
        );
        self.unless(
            auth.jwks_url.as_ref().is_none_or(|url| url.starts_with("https://")),
            "auth.jwks_url: must begin with https://, for whoever changes the answer can forge every token",
        );
        self.positive("auth.jwks_refresh_seconds", auth.jwks_refresh_seconds);
        self.unless(auth.leeway_seconds <= 300, "auth.leeway_seconds: at most 300 are allowed");
    }

    fn mail(&mut self, mail: &Mail) {
        self.unless(
            mail.username.is_some() == mail.password.is_some(),
            "mail.username: needs mail.password, and the other way round",
        );
        let here = mail.host.as_deref().is_none_or(|host| matches!(host, "localhost" | "127.0.0.1" | "::1"));
        self.unless(
            mail.tls != MailTls::None || mail.password.is_none() || here,
            "mail.tls: with `none` the password would travel in clear text, use `starttls` or `tls`",
        );
        self.unless(mail.from.contains('@'), "mail.from: is not a mail address");
        self.unless(mail.reply_to.as_ref().is_none_or(|to| to.contains('@')), "mail.reply_to: is not a mail address");
        self.positive("mail.timeout_seconds", mail.timeout_seconds);
    }

    fn sockets(&mut self, sockets: &Sockets) {
        for (key, value) in [
            ("sockets.total", sockets.total as u64),
            ("sockets.per_credential", sockets.per_credential as u64),
            ("sockets.operations", sockets.operations as u64),
            ("sockets.init_seconds", sockets.init_seconds),
            ("sockets.ping_seconds", sockets.ping_seconds),
            ("sockets.send_seconds", sockets.send_seconds),
            ("sockets.poll_ms", sockets.poll_ms),
        ] {
            self.positive(key, value);
        }
        for origin in &sockets.origins {
            let is_origin = url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            self.unless(
                is_origin,
                &format!("sockets.origins: `{origin}` is not an origin, write it as `https://console.example.com`"),
            );
        }
    }

    fn limits(&mut self, limits: &Limits) {
        for (key, value) in [
            ("limits.body_bytes", limits.body_bytes),
            ("limits.tokens", limits.tokens),
            ("limits.depth", limits.depth),
            ("limits.aliases", limits.aliases),
            ("limits.root_fields", limits.root_fields),
            ("limits.directives", limits.directives),
            ("limits.cost", limits.cost),
            ("limits.fields", limits.fields),
            ("limits.requests_per_minute", limits.requests_per_minute as usize),
            ("limits.upload_bytes", limits.upload_bytes),
        ] {
            self.positive(key, value as u64);
        }
    }
}
