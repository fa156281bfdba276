//! Typed ids: UUIDv7 inside, shown outside with their kind (`lead_0192…`).
//!
//! An id of one kind is never accepted where another is expected.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text that is not an id of the expected kind.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of kind `{prefix}`, expected `{prefix}_` and 32 hexadecimal digits")]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let refuse = || IdError { text: text.chars().take(60).collect(), prefix };
    let hex = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or_else(refuse)?;
    // `simple` is the only accepted form, so that one object has one id.
    if hex.len() != 32 || hex.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(refuse());
    }
    Uuid::try_parse(hex).map_err(|_| refuse())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub Uuid);

            impl $name {
                /// The kind, as it stands before the underscore.
                pub const PREFIX: &'static str = $prefix;

                /// The UUID itself, as it is stored.
                pub const fn uuid(self) -> Uuid { self.0 }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!($prefix, "_{}"), self.0.simple())
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
            }

            impl From<Uuid> for $name {
                fn from(value: Uuid) -> Self { Self(value) }
            }

            impl FromStr for $name {
                type Err = IdError;
                fn from_str(text: &str) -> Result<Self, IdError> { parse($prefix, text).map(Self) }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                    let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )*

        /// An id of any kind, as `node(id)` takes it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AnyId { $(#[doc = concat!("`", $prefix, "_…`")] $name($name),)* }

        impl FromStr for AnyId {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                $(if text.strip_prefix($prefix).is_some_and(|rest| rest.starts_with('_')) {
                    return text.parse().map(Self::$name);
                })*
                Err(IdError { text: text.chars().take(60).collect(), prefix: "<kind>" })
            }
        }
    };
}

ids! {
    /// One installation: a manufacturer, a dealer group, an agency.
    TenantId = "ten";
    /// A staff login.
    UserId = "usr";
    /// A group of users.
    GroupId = "grp";
    /// A location that receives leads.
    DealerId = "dlr";
    /// A person at a dealer who is notified.
    ContactId = "con";
    /// A company that leads may be assigned to.
    CompanyId = "com";
    /// An ordered category group, such as tier.
    CategoryId = "cat";
    /// A custom field definition.
    CustomFieldId = "fld";
    /// What a customer asked for, once.
    RequestId = "req";
    /// One copy of a request in the hands of one recipient.
    LeadId = "lead";
    /// A Reassignment Interface.
    InterfaceId = "ifc";
    /// One numbered version of an interface.
    InterfaceVersionId = "ifv";
    /// A reassignment job.
    JobId = "job";
    /// One run of a job.
    JobRunId = "run";
    /// A comparison of a draft with what is published, over the leads of a past period.
    BacktestId = "bkt";
    /// A saved view over leads.
    ListId = "lst";
    /// A short-lived address of a file.
    DownloadId = "dwn";
    /// One stored answer to "who gets it".
    DecisionId = "dec";
    /// A link by which one person may see and acknowledge one lead.
    OfferId = "off";
    /// One message to one address.
    DeliveryId = "dlv";
    /// One attempt to send a delivery.
    AttemptId = "att";
    /// One line of a timeline.
    EventId = "evt";
    /// A note on a lead.
    NoteId = "note";
    /// An appointment or task on a lead.
    CalendarEventId = "cal";
    /// A remembered first answer to a repeated mutation.
    IdempotencyId = "idk";
    /// A file that was uploaded.
    UploadId = "upl";
    /// One import of an uploaded file.
    FileImportId = "fim";
    /// One import from the command line.
    ImportId = "imp";
    /// A bulk change of leads, with its plan and results.
    OperationId = "op";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_with_its_kind_and_read_back() {
        let id = LeadId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "lead_01920000000070008000000000000001");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().parse::<AnyId>().ok(), Some(AnyId::LeadId(id)));
    }

    #[test]
    fn an_id_of_another_kind_or_form_is_refused() {
        for text in [
            "dlr_01920000000070008000000000000001",
            "lead_0192",
            "lead_",
            "",
            "01920000000070008000000000000001",
            "lead_0192000000007000800000000000000G",
        ] {
            assert!(text.parse::<LeadId>().is_err(), "{text}");
        }
    }
}
