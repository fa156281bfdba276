//! What the server says about itself: log lines on standard error, as JSON or text.
//!
//! Nothing personal and no secret is ever logged: ids, counts, durations and codes only. A fault is logged once, where it
//! is turned into an answer.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::config::{Log, LogFormat};

/// Why logging can't begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is not a filter.
    #[error("log.level: `{level}` is not a level such as `info` or `info,baton::jobs=debug`")]
    Level {
        /// What was given.
        level: String,
        /// Why it was not understood.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something in this process already logs.
    #[error("logging has already begun")]
    Begun(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins to log. To be called once, before anything else happens.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let filter = filter(&log.level)?;
    tracing_subscriber::registry().with(lines(log.format, io::stderr).with_filter(filter)).try_init()?;
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(level).map_err(|source| TelemetryError::Level { level: level.to_owned(), source })
}

fn lines<W>(format: LogFormat, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        // Fields at the top level: `jq .lead_id` rather than `jq .fields.lead_id`.
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Caught(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Caught {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str) -> String {
        let caught = Caught::default();
        let writer = caught.clone();
        let lines = lines(format, move || writer.clone()).with_filter(filter(level).unwrap());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::info!(lead.id = "lead_1", count = 3, "leads expired");
            tracing::debug!("too fine");
        });
        String::from_utf8(caught.0.lock().unwrap().clone()).unwrap()
    }

    /// RUN-4
    #[test]
    fn a_json_line_has_its_fields_at_the_top() {
        let line: serde_json::Value = serde_json::from_str(&logged(LogFormat::Json, "info")).unwrap();
        assert_eq!(line["message"], "leads expired");
        assert_eq!(line["lead.id"], "lead_1");
        assert_eq!(line["count"], 3);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn text_is_for_people_and_the_level_filters() {
        let text = logged(LogFormat::Text, "info");
        assert!(text.contains("leads expired") && text.contains("lead_1") && !text.contains("too fine"), "{text}");
        assert!(logged(LogFormat::Text, "warn").is_empty());
    }

    #[test]
    fn a_level_that_is_none_is_refused() {
        let error = filter("baton=loud").unwrap_err().to_string();
        assert!(error.contains("`baton=loud`"), "{error}");
    }
}
