//! The fields that every tenant has, under the names that expressions use.
//!
//! One table per subject: who supplies values matches on the enum, so a field without a supplier does not compile.

use super::tree::{Item, Type};

/// One line of a table below.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn<F: 'static> {
    /// Which field it is.
    pub field: F,
    /// Its name after the variable: `rating` in `dealer.rating`.
    pub name: &'static str,
    /// The type of its values.
    pub ty: Type,
    /// Whether a row may have no value.
    pub nullable: bool,
    /// Whether the value is worked out for a candidate, rather than stored.
    pub computed: bool,
    /// The only values it can take, if that is known.
    pub choices: &'static [&'static str],
    /// One sentence for people.
    pub description: &'static str,
}

const TEXTS: Type = Type::List(Item::Text);

macro_rules! table {
    (
        $(#[$doc:meta])* $enum:ident;
        $($variant:ident $name:literal $ty:expr, $presence:ident $(, choices $choices:expr)?; $text:literal)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum { $(#[doc = $text] $variant,)* }

        impl $enum {
            /// Every field, in the order in which builders show them.
            pub const ALL: &'static [BuiltIn<Self>] = &[$(BuiltIn {
                field: Self::$variant,
                name: $name,
                ty: $ty,
                nullable: !matches!(Presence::$presence, Presence::Always),
                computed: matches!(Presence::$presence, Presence::Computed),
                choices: table!(@choices $($choices)?),
                description: $text,
            },)*];
        }
    };
    (@choices) => { &[] };
    (@choices $choices:expr) => { $choices };
}

/// Whether a row has the value.
enum Presence {
    Always,
    Maybe,
    Computed,
}

/// Baton's own states of a lead.
pub const LEAD_STATES: &[&str] =
    &["UNASSIGNED", "OFFERED", "ACKNOWLEDGED", "ACCEPTED", "REJECTED", "EXPIRED", "WON", "LOST", "DELETED"];

/// Who sees a lead.
pub const VISIBILITIES: &[&str] = &["NORMAL", "RESTRICTED"];

table! {
    /// A built-in field of a lead.
    LeadField;
    Id "id" Type::Text, Always; "The lead's id, `lead_…`."
    State "state" Type::Text, Always, choices LEAD_STATES; "Where the lead stands in Baton's own course."
    Round "round" Type::Int, Always; "How often the request was handed on before this copy; the first has 0."
    Source "source" Type::Text, Maybe; "Where the lead counts as coming from; at first where the request came from."
    Campaign "campaign" Type::Text, Maybe; "The campaign that the lead belongs to; at first the one that brought the request."
    Brand "brand" Type::Text, Maybe; "The brand that the customer asked for."
    Product "product" Type::Text, Maybe; "The product that the customer asked for."
    Interest "interest" Type::Text, Maybe; "What the customer wants, such as a purchase or service."
    FileType "file_type" Type::Text, Maybe; "The tenant's file type."
    WorkflowStatus "workflow_status" Type::Text, Maybe; "The tenant's status within the file type."
    FollowUpStatus "follow_up_status" Type::Text, Maybe; "Whether and how the customer was contacted."
    Progress "progress" Type::Text, Maybe; "The tenant's progress step."
    Language "language" Type::Text, Maybe; "The language to answer the customer in, such as `en` or `es-MX`."
    Country "country" Type::Text, Maybe; "The customer's country, two letters."
    PostalCode "postal_code" Type::Text, Maybe; "The customer's postal code, normalised."
    Region "region" Type::Text, Maybe; "The customer's state or province."
    City "city" Type::Text, Maybe; "The customer's city."
    ReceivedAt "received_at" Type::Timestamp, Always; "When the request came in."
    OfferedAt "offered_at" Type::Timestamp, Maybe; "When this copy was offered."
    AcknowledgedAt "acknowledged_at" Type::Timestamp, Maybe; "When this copy was acknowledged."
    CreatedAt "created_at" Type::Timestamp, Always; "When this copy was made."
    UpdatedAt "updated_at" Type::Timestamp, Always; "When this copy last changed."
    ExcludedFromAutomation "excluded_from_automation" Type::Bool, Always; "Whether automations leave the lead alone."
    Visibility "visibility" Type::Text, Always, choices VISIBILITIES; "Who sees the lead: restricted ones only admins, auditors and whoever has it."
    Alert "alert" Type::Text, Maybe; "What is shown on top of the lead."
    RequestId "request_id" Type::Text, Always; "The id of the customer's request, `req_…`, which all its copies share."
    JobId "job_id" Type::Text, Maybe; "The id of the job that made this copy, `job_…`; missing for all others."
    Exception "exception" Type::Text, Maybe; "Why no candidate was found, for a lead that is listed under exceptions."
}

table! {
    /// A built-in field of a dealer.
    DealerField;
    Id "id" Type::Text, Always; "The dealer's id, `dlr_…`."
    Number "number" Type::Text, Always; "The dealer's number."
    SubNumber "sub_number" Type::Text, Maybe; "The dealer's sub-number."
    Name "name" Type::Text, Always; "The dealer's name."
    City "city" Type::Text, Maybe; "The dealer's city."
    Region "region" Type::Text, Maybe; "The dealer's state or province."
    Country "country" Type::Text, Maybe; "The dealer's country, two letters."
    PostalCode "postal_code" Type::Text, Maybe; "The dealer's postal code, normalised."
    TimeZone "time_zone" Type::Text, Maybe; "The dealer's time zone, such as `America/Chicago`."
    Active "active" Type::Bool, Always; "Whether the dealer is part of the network."
    AcceptsLeads "accepts_leads" Type::Bool, Always; "Whether the dealer takes leads now."
    IsDefault "is_default" Type::Bool, Always; "Whether the dealer is the fallback."
    Rating "rating" Type::Double, Maybe; "The dealer's rating, 0 to 5."
    Brands "brands" TEXTS, Always; "The brands that the dealer sells."
    Territory "territory" TEXTS, Always; "The postal codes, or their beginnings, that the dealer serves."
    CapacityOpen "capacity_open" Type::Int, Maybe; "How many open leads the dealer may have."
    CapacityPerDay "capacity_per_day" Type::Int, Maybe; "How many leads the dealer takes in a day."
    CreatedAt "created_at" Type::Timestamp, Always; "When the dealer was added."
    UpdatedAt "updated_at" Type::Timestamp, Always; "When the dealer last changed."
    DistanceKm "distance_km" Type::Double, Computed; "Great-circle distance to the lead in kilometres; missing when either has no point."
    DistanceMi "distance_mi" Type::Double, Computed; "Great-circle distance to the lead in miles; missing when either has no point."
    Lottery "lottery" Type::Double, Computed; "A number from 0 to 1, drawn for this request and dealer; the same at every look."
    AckRate "ack_rate" Type::Double, Computed; "Share of offers that the dealer acknowledged, 0 to 1; missing without offers."
    ResponseMinutes "response_minutes" Type::Double, Computed; "Mean minutes from offer to acknowledgement; missing without any."
    OpenLeads "open_leads" Type::Int, Computed; "How many open leads the dealer has now."
    LeadsToday "leads_today" Type::Int, Computed; "How many leads the dealer was offered today, in the tenant's time zone."
}

table! {
    /// A built-in field of a user.
    UserField;
    Id "id" Type::Text, Always; "The user's id, `usr_…`."
    FirstName "first_name" Type::Text, Always; "The user's first name."
    LastName "last_name" Type::Text, Always; "The user's last name."
    Email "email" Type::Text, Always; "The user's mail address."
    Locale "locale" Type::Text, Maybe; "The user's language and region, such as `en-US`."
    TimeZone "time_zone" Type::Text, Maybe; "The user's time zone, such as `America/Chicago`."
    Active "active" Type::Bool, Always; "Whether the login is active."
    OnHoliday "on_holiday" Type::Bool, Always; "Whether the user is away."
    DealerId "dealer_id" Type::Text, Maybe; "The id of the dealer that the user works for, `dlr_…`."
    Groups "groups" TEXTS, Always; "The names of the groups that the user shares."
    Roles "roles" TEXTS, Always; "The user's access roles."
    OpenLeads "open_leads" Type::Int, Computed; "How many open leads the user has now."
    LeadsToday "leads_today" Type::Int, Computed; "How many leads the user was given today, in the tenant's time zone."
    Lottery "lottery" Type::Double, Computed; "A number from 0 to 1, drawn for this request and user; the same at every look."
}
