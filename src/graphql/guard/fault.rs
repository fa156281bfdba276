//! Turns what went wrong while answering into what a client may see.
//!
//! An error that nobody gave a code is a fault: it is logged once with the request's id, and the client sees the code
//! and the id only. The server's own words must never reach a client, for they may hold table names or other
//! people's data.

use async_graphql::{ErrorExtensionValues, PathSegment, ServerError};

use super::error::{ErrorCode, code_of};
use super::parse::shorten;
use super::request::Visibility;

/// The library repeats names of the document in its messages; more of one than this tells nothing.
const MESSAGE_CHARS_MAX: usize = 400;
/// A document can have an error per token; further ones are only counted.
const VALIDATION_ERRORS_MAX: usize = 20;

/// What a client sees of a fault.
pub fn fault(request_id: &str) -> ServerError {
    let message = format!("the server failed to answer this: tell the operator the request id `{request_id}`");
    let mut error = ServerError::new(message, None);
    ErrorCode::Internal.mark(&mut error);
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("requestId", request_id);
    error
}

/// Words errors for a client: the validator's without what the caller may not see and no more than the first of them, refused values and
/// requests by their codes, and each fault by the request's id alone.
pub(super) fn present(errors: &mut Vec<ServerError>, visibility: Visibility, request_id: &str) {
    let mut of_validator = 0;
    errors.retain_mut(|error| {
        if code_of(error).is_some() {
            return true;
        }
        error.message = shorten(&error.message, MESSAGE_CHARS_MAX);
        if is_bad_input(error) {
            ErrorCode::BadInput.mark(error);
        } else if !error.path.is_empty() {
            tracing::error!(request.id = request_id, graphql.path = path(error), error = error.message, "fault");
            *error = ServerError { path: error.path.clone(), locations: error.locations.clone(), ..fault(request_id) };
        } else if error.locations.is_empty() {
            // No such operation, or more than one and none named.
            ErrorCode::BadRequest.mark(error);
        } else {
            of_validator += 1;
            present_validation(error, visibility);
        }
        of_validator <= VALIDATION_ERRORS_MAX
    });
    if of_validator > VALIDATION_ERRORS_MAX {
        let more = of_validator - VALIDATION_ERRORS_MAX;
        let mut error = ServerError::new(format!("and {more} more errors: mend these first"), None);
        ErrorCode::Validation.mark(&mut error);
        errors.push(error);
    }
}

fn present_validation(error: &mut ServerError, visibility: Visibility) {
    if !visibility.suggestions
        && let Some((message, _)) = error.message.split_once(" Did you mean")
    {
        error.message = message.to_owned();
    }
    ErrorCode::Validation.mark(error);
}

/// Whether a scalar or input type refused the caller's value. The library marks these by their wording alone.
fn is_bad_input(error: &ServerError) -> bool {
    let message = &error.message;
    error.source.is_none()
        && (message.starts_with("Failed to parse \"") || message.starts_with("Expected input type \""))
}

fn path(error: &ServerError) -> String {
    let segments = error.path.iter().map(|segment| match segment {
        PathSegment::Field(name) => shorten(name, 100),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_field(error: async_graphql::Error) -> ServerError {
        let error = error.into_server_error(async_graphql::Pos::default());
        error.with_path(vec![PathSegment::Field("lead".to_owned())])
    }

    // API-3
    #[test]
    fn an_error_without_a_code_becomes_a_fault_that_says_nothing_of_its_cause() {
        let cause = std::io::Error::other("no such table: leads");
        let mut errors = vec![at_field(cause.into()), at_field(async_graphql::Error::new("secret"))];
        present(&mut errors, Visibility::OPEN, "r1");
        for error in &errors {
            assert!(ErrorCode::Internal.marks(error));
            assert_eq!(error.message, "the server failed to answer this: tell the operator the request id `r1`");
            assert_eq!(error.path.len(), 1);
        }
    }

    // API-3
    #[test]
    fn a_coded_error_passes_and_a_refused_value_is_the_callers() {
        let mut coded = at_field(async_graphql::Error::new("not yours"));
        ErrorCode::Forbidden.mark(&mut coded);
        let value = at_field(async_graphql::Error::new("Failed to parse \"LeadID\": `x` is not an id"));
        let unnamed = ServerError::new("Operation name required in request.", None);
        let mut errors = vec![coded, value, unnamed];
        present(&mut errors, Visibility::OPEN, "r1");
        let codes: Vec<_> = errors.iter().filter_map(code_of).collect();
        assert_eq!(codes, ["FORBIDDEN", "BAD_INPUT", "BAD_REQUEST"]);
        assert_eq!(errors[0].message, "not yours");
    }

    fn of_validator(message: &str) -> ServerError {
        ServerError::new(message, Some(async_graphql::Pos::default()))
    }

    fn presented(mut errors: Vec<ServerError>, visibility: Visibility) -> Vec<ServerError> {
        present(&mut errors, visibility, "r1");
        errors
    }

    // API-5
    #[test]
    fn suggestions_are_shown_only_to_whom_they_are_open() {
        let errors = || vec![of_validator("Unknown field \"a\" on type \"Q\". Did you mean \"b\"?")];
        let closed = presented(errors(), Visibility::CLOSED);
        assert_eq!(closed[0].message, "Unknown field \"a\" on type \"Q\".");
        assert!(ErrorCode::Validation.marks(&closed[0]));
        assert!(presented(errors(), Visibility::OPEN)[0].message.contains("Did you mean"));
    }

    #[test]
    fn a_thousand_validation_errors_are_cut_to_twenty_and_a_count() {
        let many = (0..1_000).map(|_| of_validator(&"x".repeat(10_000))).collect();
        let errors = presented(many, Visibility::OPEN);
        assert_eq!(errors.len(), 21);
        assert!(errors[0].message.len() < 500);
        assert_eq!(errors[20].message, "and 980 more errors: mend these first");
    }
}
