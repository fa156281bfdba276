//! Who would get a lead, and why or why not somebody.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, OneofObject, SimpleObject};
use serde_json::Value;

use super::definition::{CandidateKind, InterfaceDefinitionInput};
use super::explanation::CandidateExplanation;
use super::expression::{ExpressionDiagnostic, diagnose};
use crate::actions::interfaces::{self, Asked, For, Place};
use crate::domain::id::{DealerId, UserId};
use crate::domain::input::PointInput as DomainPoint;
use crate::domain::lead::Recipient;
use crate::domain::request::{Interest, RequestInput};
use crate::domain::{Invalid, InvalidCode, interface};
use crate::graphql::decisions::{ExcludedCounts, RankedCandidate, exclusions};
use crate::graphql::ids;
use crate::graphql::leads::{Point, PointInput};
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;

/// A published version.
#[derive(InputObject)]
pub struct VersionSource {
    /// `ifc_…`
    interface_id: ID,
    /// The version's number.
    number: i32,
}

/// A definition that is not saved.
#[derive(InputObject)]
pub struct UnsavedSource {
    /// What it ranks.
    #[graphql(default_with = "CandidateKind::Dealer")]
    candidate_kind: CandidateKind,
    /// What it says.
    definition: InterfaceDefinitionInput,
}

/// Which definition is asked: exactly one of these.
#[derive(OneofObject)]
pub enum PreviewSource {
    /// An interface's draft, or what is published if there is none: `ifc_…`.
    InterfaceId(ID),
    /// A published version.
    Version(VersionSource),
    /// A definition that is not saved.
    Unsaved(UnsavedSource),
}

/// A lead that there is not: where it would be and what it would say. Nothing is required.
#[derive(InputObject)]
pub struct PreviewPlace {
    /// Two letters; the tenant's country if left out.
    country: Option<String>,
    /// As people type it; its centre is the lead's point.
    postal_code: Option<String>,
    /// The lead's own point; goes before the postal code's.
    point: Option<PointInput>,
    /// State, province or the like.
    region: Option<String>,
    /// Town.
    city: Option<String>,
    /// Where it would come from.
    source: Option<String>,
    /// The campaign that it would belong to.
    campaign: Option<String>,
    /// The brand that it would ask for.
    brand: Option<String>,
    /// The model, vehicle or article that it would ask for.
    product: Option<String>,
    /// What about it: buy, lease, service, test drive.
    interest: Option<String>,
    /// A BCP 47 tag.
    language: Option<String>,
    /// Values of custom fields of leads, by key.
    custom: Option<Json<Value>>,
}

/// Whom candidates are sought for: exactly one of these.
#[derive(OneofObject)]
pub enum PreviewSubject {
    /// A lead within your reach, as it is: `lead_…`.
    LeadId(ID),
    /// A lead that there is not.
    Place(Box<PreviewPlace>),
}

/// What to preview.
#[derive(InputObject)]
pub struct PreviewInterfaceInput {
    /// Which definition is asked.
    source: PreviewSource,
    /// Whom candidates are sought for.
    subject: PreviewSubject,
}

/// What to explain: give a dealer or a user, whichever the definition ranks.
#[derive(InputObject)]
pub struct ExplainCandidateInput {
    /// Which definition is asked.
    source: PreviewSource,
    /// Whom candidates are sought for.
    subject: PreviewSubject,
    /// `dlr_…`
    dealer_id: Option<ID>,
    /// `usr_…`
    user_id: Option<ID>,
}

/// Why an answer is less than it could be.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::actions::interfaces::Problem")]
pub enum PreviewProblem {
    /// The lead has no point and the definition asks for distances: a radius then leaves everybody out who is somewhere.
    NoPoint,
}

/// Who would get a lead.
pub struct InterfacePreview(interfaces::Preview);

/// Who would get a lead.
#[Object]
impl InterfacePreview {
    /// Up to the definition's limit, best first.
    async fn candidates(&self) -> Vec<RankedCandidate> {
        self.0.candidates.iter().cloned().map(RankedCandidate).collect()
    }

    /// How many candidates there are.
    async fn considered(&self) -> i32 {
        count(self.0.considered)
    }

    /// How many match, the limit aside.
    async fn matched(&self) -> i32 {
        count(self.0.matched)
    }

    /// How many are left out, and by what.
    async fn excluded(&self) -> ExcludedCounts {
        exclusions(&self.0.excluded)
    }

    /// What stands in the way of a better answer.
    async fn problem(&self) -> Option<PreviewProblem> {
        self.0.problem.map(Into::into)
    }

    /// Where distances were measured from.
    async fn point(&self) -> Option<Point> {
        self.0.point.map(|point| Point { lat: point.lat(), lon: point.lon(), source: None })
    }

    /// How long it took, reading included.
    async fn took_milliseconds(&self) -> f64 {
        self.0.took.as_secs_f64() * 1_000.0
    }
}

/// A preview, or what stands in the way.
#[derive(SimpleObject)]
pub struct PreviewInterfacePayload {
    /// Who would get the lead; null when something stands in the way.
    preview: Option<InterfacePreview>,
    /// What is wrong within the expressions of an unsaved definition, with places.
    diagnostics: Vec<ExpressionDiagnostic>,
    /// What stands in the way.
    user_errors: Vec<UserError>,
}

/// An explanation, or what stands in the way.
#[derive(SimpleObject)]
pub struct ExplainCandidatePayload {
    /// Why, or why not; null when something stands in the way.
    explanation: Option<CandidateExplanation>,
    /// What stands in the way.
    user_errors: Vec<UserError>,
}

/// Previews and explanations.
#[derive(Default)]
pub struct PreviewQuery;

/// Previews and explanations.
#[Object]
impl PreviewQuery {
    /// Who would get a lead, for a draft, a version or an unsaved definition. Changes nothing. Needs the role admin, manager or auditor.
    async fn preview_interface(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which definition, and for whom.")] input: PreviewInterfaceInput,
    ) -> async_graphql::Result<PreviewInterfacePayload> {
        let session = ctx.session()?;
        let (asked, done) = match (read_source(input.source), read_subject(input.subject)) {
            (Ok(asked), Ok(wanted)) => {
                let done = interfaces::preview(&session.actions, &session.actor, &asked, &wanted).await;
                (Some(asked), done)
            }
            (asked, wanted) => {
                let problems: Vec<Invalid> = [asked.err(), wanted.err()].into_iter().flatten().collect();
                (None, Err(problems.into()))
            }
        };
        let (found, user_errors) = split(done)?;
        let diagnostics = match &asked {
            Some(Asked::Unsaved(kind, definition)) if found.is_none() => diagnose(ctx, *kind, definition).await?,
            _ => Vec::new(),
        };
        Ok(PreviewInterfacePayload { preview: found.map(InterfacePreview), diagnostics, user_errors })
    }

    /// Why somebody is, or is not, a candidate for a lead. Needs the role admin, manager or auditor.
    async fn explain_candidate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which definition, for whom, and who.")] input: ExplainCandidateInput,
    ) -> async_graphql::Result<ExplainCandidatePayload> {
        let session = ctx.session()?;
        let recipient = read_recipient(input.dealer_id.as_ref(), input.user_id.as_ref());
        let done = match (read_source(input.source), read_subject(input.subject), recipient) {
            (Ok(asked), Ok(wanted), Ok(recipient)) => {
                interfaces::explain(&session.actions, &session.actor, (&asked, &wanted), recipient).await
            }
            (asked, wanted, recipient) => {
                let problems = [asked.err(), wanted.err(), recipient.err()];
                Err(problems.into_iter().flatten().collect::<Vec<_>>().into())
            }
        };
        let (found, user_errors) = split(done)?;
        Ok(ExplainCandidatePayload { explanation: found.map(CandidateExplanation), user_errors })
    }
}

fn read_source(source: PreviewSource) -> Result<Asked, Invalid> {
    let under = |problem: Invalid| problem.under("source");
    Ok(match source {
        PreviewSource::InterfaceId(id) => Asked::Draft(ids::parse("interfaceId", &id).map_err(under)?),
        PreviewSource::Version(version) => {
            let id =
                ids::parse("interfaceId", &version.interface_id).map_err(|problem| under(problem.under("version")))?;
            Asked::Version(id, i64::from(version.number))
        }
        PreviewSource::Unsaved(unsaved) => {
            let kind: interface::CandidateKind = unsaved.candidate_kind.into();
            Asked::Unsaved(kind, unsaved.definition.read().map_err(under)?)
        }
    })
}

fn read_subject(subject: PreviewSubject) -> Result<For, Invalid> {
    Ok(match subject {
        PreviewSubject::LeadId(id) => For::Lead(ids::parse("leadId", &id).map_err(|problem| problem.under("subject"))?),
        PreviewSubject::Place(place) => For::Place(Box::new(Place {
            request: RequestInput {
                source: place.source,
                campaign: place.campaign,
                interest: Interest { brand: place.brand, product: place.product, kind: place.interest },
                city: place.city,
                region: place.region,
                country: place.country,
                postal_code: place.postal_code,
                point: place.point.map(|point| DomainPoint { lat: point.lat, lon: point.lon }),
                language: place.language,
                ..RequestInput::default()
            },
            custom: place.custom.map(|custom| custom.0),
        })),
    })
}

fn read_recipient(dealer: Option<&ID>, user: Option<&ID>) -> Result<Recipient, Invalid> {
    match (dealer, user) {
        (Some(dealer), None) => ids::parse::<DealerId>("dealerId", dealer).map(Recipient::Dealer),
        (None, Some(user)) => ids::parse::<UserId>("userId", user).map(Recipient::User),
        _ => Err(Invalid::new("dealerId", InvalidCode::Required, "give either a dealer or a user")),
    }
}

/// As GraphQL counts.
pub(super) fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
