//! What people give to make or change a user.

use serde_json::{Map, Value};

use super::known::Known;
use super::person::{email, mobile};
use super::problems::Problems;
use crate::domain::actor::Role;
use crate::domain::error::text;
use crate::domain::id::{DealerId, UserId};
use crate::domain::tenant::Tenant;
use crate::domain::user::{DaysOff, User};
use crate::domain::{Invalid, InvalidCode, Timestamp};

const NAME_LENGTH_MAX: usize = 100;
/// Some ten years of holidays and sick days.
const DAYS_OFF_MAX: usize = 366;
/// Until somebody says otherwise.
const DEFAULT_LOCALE: &str = "en-US";

/// A user, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct UserInput {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Unique in the tenant; kept in lower case.
    pub email: Option<String>,
    /// Where short messages go.
    pub mobile: Option<Option<String>>,
    /// A BCP 47 tag such as `en-US`.
    pub locale: Option<String>,
    /// An IANA name; the tenant's if never given.
    pub time_zone: Option<String>,
    /// Whether the user may be given leads.
    pub active: Option<bool>,
    /// Away until the switch is turned back.
    pub on_holiday: Option<bool>,
    /// Admin, manager, member or auditor; member if never given.
    pub role: Option<Role>,
    /// The dealer that the user works for.
    pub dealer: Option<Option<DealerId>>,
    /// Whole days on which the user is away.
    pub days_off: Option<Vec<DaysOff>>,
    /// Values of custom fields; `null` takes one away.
    pub custom: Option<Map<String, Value>>,
}

impl User {
    /// A user about whom nothing is known yet.
    pub fn blank(tenant: &Tenant, id: UserId, at: Timestamp) -> Self {
        Self {
            tenant: tenant.id,
            id,
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            mobile: None,
            locale: DEFAULT_LOCALE.to_owned(),
            time_zone: tenant.time_zone,
            active: true,
            on_holiday: false,
            role: Role::Member,
            dealer: None,
            days_off: Vec::new(),
            custom: Map::new(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

impl UserInput {
    /// What this input makes of a user; every problem at once.
    pub fn apply(&self, before: User, known: &Known<'_>) -> Result<User, Vec<Invalid>> {
        let mut problems = Problems::default();
        let mut user = before;
        for (field, given, place) in
            [("firstName", &self.first_name, &mut user.first_name), ("lastName", &self.last_name, &mut user.last_name)]
        {
            problems.set(place, given.as_deref().map(|name| text(field, name, NAME_LENGTH_MAX)));
        }
        let address = |given: &str| email("email", given).map(|address| address.to_lowercase());
        problems.set(&mut user.email, self.email.as_deref().map(address));
        for (field, given, value) in [
            ("firstName", &self.first_name, &user.first_name),
            ("lastName", &self.last_name, &user.last_name),
            ("email", &self.email, &user.email),
        ] {
            if given.is_none() && value.is_empty() {
                problems.add(field, InvalidCode::Required, format!("{field} is missing, give one"));
            }
        }
        let number = |given: &Option<String>| match given.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(number) => mobile("mobile", number, known.tenant.country).map(Some),
        };
        problems.set(&mut user.mobile, self.mobile.as_ref().map(number));
        problems.set(&mut user.locale, self.locale.as_deref().map(locale));
        problems.set(&mut user.time_zone, self.time_zone.as_deref().map(super::dealer::time_zone));
        problems.set(&mut user.role, self.role.map(staff_role));
        problems.set(&mut user.days_off, self.days_off.as_deref().map(days_off));
        user.active = self.active.unwrap_or(user.active);
        user.on_holiday = self.on_holiday.unwrap_or(user.on_holiday);
        user.dealer = self.dealer.unwrap_or(user.dealer);
        super::dealer::set_custom(&mut user.custom, self.custom.as_ref(), known.fields, &mut problems);
        problems.done(user)
    }
}

fn locale(given: &str) -> Result<String, Invalid> {
    let given = given.trim();
    let mut parts = given.split('-');
    let language = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let rest = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if language && rest && given.len() <= 35 {
        return Ok(given.to_owned());
    }
    let shown: String = given.chars().take(40).collect();
    Err(Invalid::new("locale", InvalidCode::Malformed, format!("`{shown}` is not a locale, write it like `en-US`")))
}

fn staff_role(role: Role) -> Result<Role, Invalid> {
    match role {
        Role::Admin | Role::Manager | Role::Member | Role::Auditor => Ok(role),
        Role::Dealer | Role::Partner => {
            let message = format!("`{role}` is no role of a user, use admin, manager, member or auditor");
            Err(Invalid::new("role", InvalidCode::NotAllowed, message))
        }
    }
}

fn days_off(given: &[DaysOff]) -> Result<Vec<DaysOff>, Invalid> {
    if given.len() > DAYS_OFF_MAX {
        let message = format!("{} spans are given, at most {DAYS_OFF_MAX} are allowed", given.len());
        return Err(Invalid::new("daysOff", InvalidCode::TooLong, message));
    }
    if let Some((index, days)) = given.iter().enumerate().find(|(_, days)| days.until < days.from) {
        let message = format!("`{}` is before `{}`, give the first day first", days.until, days.from);
        let problem = Invalid::new("until", InvalidCode::OutOfRange, message);
        return Err(problem.under(index.to_string()).under("daysOff"));
    }
    let mut days = given.to_vec();
    days.sort_by_key(|days| (days.from, days.until));
    Ok(days)
}
