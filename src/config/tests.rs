//! What the configuration accepts, refuses, and never shows.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::*;

const LONG: &str = "0123456789012345678901234567890123456789";

fn load(variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(None, variables).map_err(|error| error.to_string())
}

/// A file of its own for one test, removed at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("baton-config-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn load_file(name: &str, text: &str) -> Result<Config, String> {
    let file = File::new(name, text);
    Config::load(Some(&file.0), []).map_err(|error| error.to_string().replace(&file.0.display().to_string(), "FILE"))
}

/// RUN-1
#[test]
fn nothing_set_gives_the_documented_defaults() {
    let config = load(&[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.url.expose_secret(), "sqlite://baton.sqlite");
    assert_eq!(config.auth.algorithms, [Algorithm::HS256]);
    assert_eq!(
        (config.limits.body_bytes, config.limits.tokens, config.limits.depth, config.limits.aliases),
        (100_000, 2_000, 12, 30)
    );
    assert_eq!((config.limits.root_fields, config.limits.directives), (20, 50));
    assert_eq!((config.limits.cost, config.limits.fields), (5_000, 100_000));
}

/// The file in the repository is what the table of keys says.
#[test]
fn the_example_file_shows_every_key_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("baton.example.toml");
    if std::env::var_os("BATON_TEST_WRITE").is_some() {
        std::fs::write(&path, example()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == example(), "baton.example.toml is behind, run the tests with BATON_TEST_WRITE=1");
    let with_file = Config::load(Some(&path), []).unwrap();
    assert_eq!(format!("{with_file:?}"), format!("{:?}", load(&[]).unwrap()));
}

#[test]
fn every_key_says_what_it_means_and_every_shown_value_is_accepted() {
    for section in SECTIONS {
        assert!(!section.about.is_empty());
        for key in section.keys {
            assert!(!key.about.is_empty(), "{}.{}", section.name, key.name);
            let (Shown::Default(text) | Shown::Unset(text)) = key.shown;
            let toml = format!("[{}]\n{} = {text}\n", section.name, key.name);
            let shown = File::new(&format!("{}-{}", section.name, key.name), &toml);
            // A value may need company (a user name its password, a file its content), but must have the right type.
            if let Err(error) = Config::load(Some(&shown.0), []) {
                let error = error.to_string();
                assert!(!error.contains("expected") && !error.contains("not a known"), "{toml}: {error}");
            }
        }
    }
}

/// RUN-1
#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let file = File::new("order", "[server]\nthreads = 3\nlisten = \"0.0.0.0:1\"\n");
    let variables = [("BATON_SERVER__THREADS".to_owned(), "4".to_owned())];
    let config = Config::load(Some(&file.0), variables).unwrap();
    assert_eq!((config.server.threads, config.server.listen.port(), config.server.shutdown_seconds), (4, 1, 30));
}

#[test]
fn a_variable_becomes_the_type_that_is_expected() {
    let config = load(&[
        ("BATON_AUTH__SECRET", "1234567890123456789012345678901234567890"),
        ("BATON_AUTH__ALGORITHMS", "HS256, EdDSA"),
        ("BATON_WORKERS__ENABLED", "false"),
        ("BATON_MAIL__TLS", "tls"),
        ("BATON_LIMITS__INTROSPECTION", "nobody"),
        ("BATON_LOG__FORMAT", "text"),
        ("UNRELATED", "x"),
    ])
    .unwrap();
    assert_eq!(config.auth.secret.unwrap().expose_secret(), "1234567890123456789012345678901234567890");
    assert_eq!(config.auth.algorithms, [Algorithm::HS256, Algorithm::EdDSA]);
    assert!(!config.workers.enabled);
    assert_eq!((config.mail.tls, config.log.format), (MailTls::Tls, LogFormat::Text));
    assert_eq!(config.limits.introspection, Visibility::Nobody);
}

/// RUN-1
#[test]
fn unknown_keys_are_refused_all_at_once_with_the_nearest_known_one() {
    let error = load(&[("BATON_SERVER__LISTNE", "x"), ("BATON_SERVER__JWKS_FILE", "x"), ("BATON_AUTH_SECRET", LONG)])
        .unwrap_err();
    for line in [
        "`BATON_SERVER__LISTNE` is not a known key, did you mean `BATON_SERVER__LISTEN`?",
        "`BATON_SERVER__JWKS_FILE` is not a known key, did you mean `BATON_AUTH__JWKS_FILE`?",
        "`BATON_AUTH_SECRET` is not a known key, did you mean `BATON_AUTH__SECRET`?",
    ] {
        assert!(error.contains(line), "{error}");
    }
    let error = load_file("unknown", "top = 1\n[databse]\nurl = \"sqlite://x\"\n[limits]\ndept = 3\n").unwrap_err();
    for line in [
        "`databse.url` in `FILE` is not a known key, did you mean `database.url`?",
        "`limits.dept` in `FILE` is not a known key, did you mean `limits.depth`?",
        "`top` in `FILE` is not a known key",
    ] {
        assert!(error.contains(line), "{error}");
    }
}

#[test]
fn variables_that_others_make_are_left_alone() {
    let kubernetes = [
        ("BATON_PORT", "tcp://10.0.0.1:80"),
        ("BATON_SERVICE_HOST", "10.0.0.1"),
        ("BATON_PORT_8080_TCP", "x"),
        ("BATON_CONFIG", "x.toml"),
        ("BATON_TEST_POSTGRES_URL", "x"),
    ];
    assert!(load(&kubernetes).is_ok());
}

#[test]
fn a_value_of_the_wrong_type_says_where_it_stands() {
    let error = load(&[("BATON_SERVER__THREADS", "many")]).unwrap_err();
    assert!(error.contains("`BATON_SERVER__THREADS`: found string \"many\", expected "), "{error}");
    let error = load(&[("BATON_MAIL__TLS", "ssl")]).unwrap_err();
    assert!(error.contains("`BATON_MAIL__TLS`: `ssl` is not one of none, starttls, tls"), "{error}");
    let error = load_file("type", "[server]\nlisten = 3\n").unwrap_err();
    assert!(error.contains("`server.listen` in `FILE`: "), "{error}");
}

/// AUTH-3
#[test]
fn a_secret_is_shown_neither_by_debug_nor_in_any_error() {
    let config = load(&[("BATON_AUTH__SECRET", LONG), ("BATON_SECRETS__KEY", LONG)]).unwrap();
    assert!(!format!("{config:?}").contains(LONG));
    for (name, text) in [
        ("wrong-type", "[auth]\nsecret = 998877665544332211\n"),
        ("wrong-list", "[auth]\nsecret = [\"998877665544332211\"]\n"),
        ("short", "[auth]\nsecret = \"998877665544332211\"\n"),
        ("open-quote", "[auth]\nsecret = \"998877665544332211\n"),
        ("url", "[database]\nurl = \"mysql://me:998877665544332211@host/x\"\n"),
    ] {
        let error = load_file(name, text).unwrap_err();
        assert!(!error.contains("998877"), "{error}");
    }
}

/// RUN-1
#[test]
fn a_secret_may_lie_in_a_file_and_must_not_be_given_twice() {
    let file = File::new("secret", &format!("{LONG}\n"));
    let path = file.0.to_str().unwrap();
    let config = load(&[("BATON_AUTH__SECRET_FILE", path), ("BATON_DATABASE__URL_FILE", path)]);
    assert!(config.unwrap_err().contains("database.url: must begin"), "the URL was read from the file");
    let config = load(&[("BATON_AUTH__SECRET_FILE", path), ("BATON_SECRETS__KEY_FILE", path)]).unwrap();
    assert_eq!(config.auth.secret.unwrap().expose_secret(), LONG);
    assert_eq!(config.secrets.key.unwrap().expose_secret(), LONG);
    let error = load(&[("BATON_AUTH__SECRET_FILE", path), ("BATON_AUTH__SECRET", LONG)]).unwrap_err();
    assert!(error.contains("`auth.secret` and `auth.secret_file` are both set"), "{error}");
    let error = load(&[("BATON_MAIL__PASSWORD_FILE", "no/such/file")]).unwrap_err();
    assert_eq!(error, "can't read `no/such/file`, named by `mail.password_file`");
}

#[test]
fn values_that_do_not_fit_together_are_refused_all_at_once() {
    let error = load(&[
        ("BATON_SERVER__PUBLIC_URL", "baton.example.com/"),
        ("BATON_DATABASE__CONNECTIONS", "0"),
        ("BATON_AUTH__SECRET", "short"),
        ("BATON_AUTH__JWKS_URL", "http://login.example.com/jwks"),
        ("BATON_AUTH__LEEWAY_SECONDS", "3600"),
        ("BATON_MAIL__HOST", "smtp.example.com"),
        ("BATON_MAIL__TLS", "none"),
        ("BATON_MAIL__PASSWORD", "p"),
        ("BATON_LIMITS__DEPTH", "0"),
    ])
    .unwrap_err();
    for part in [
        "server.public_url: `baton.example.com/` must begin",
        "database.connections: must be at least 1",
        "auth.secret: has 5 bytes, at least 32",
        "auth.jwks_url: must begin with https://",
        "auth.algorithms: a key set is given",
        "auth.leeway_seconds",
        "mail.username: needs mail.password",
        "mail.tls: with `none`",
        "limits.depth",
    ] {
        assert!(error.contains(part), "{part} not in {error}");
    }
}

#[test]
fn a_named_file_must_be_there_and_be_toml() {
    let error = Config::load(Some(Path::new("no/such.toml")), []).unwrap_err().to_string();
    assert_eq!(error, "can't read `no/such.toml`, named by `--config`");
    let error = load_file("broken", "[server\n").unwrap_err();
    assert!(error.starts_with("`FILE` is not valid TOML: TOML parse error at line 1, column 8"), "{error}");
}

#[test]
fn keys_for_two_purposes_differ_and_need_the_secret() {
    let secrets = load(&[("BATON_SECRETS__KEY", LONG)]).unwrap().secrets;
    assert_eq!(secrets.key_for("link").unwrap(), secrets.key_for("link").unwrap());
    assert_ne!(secrets.key_for("link").unwrap(), secrets.key_for("cursor").unwrap());
    let error = load(&[]).unwrap().secrets.key_for("link").unwrap_err().to_string();
    assert!(error.contains("secrets.key is not set") && error.contains("BATON_SECRETS__KEY"), "{error}");
}
