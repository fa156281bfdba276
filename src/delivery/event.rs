//! A lead as the JSON that is posted to a dealer's CRM; `docs/pushes.md` describes it.
//!
//! Names are those of the GraphQL API. Fields may be added; none is taken away or changes its meaning.

use serde_json::{Value, json};

use super::parcel::Parcel;
use crate::domain::Timestamp;
use crate::domain::dealer::Address;

/// What happened: the only event there is so far.
const OFFERED: &str = "LEAD_OFFERED";

/// The JSON of a parcel: the same for the same parcel.
pub fn event(parcel: &Parcel) -> Value {
    let Parcel { delivery, tenant, copy, line, request, dealer } = parcel;
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "event": OFFERED,
        "deliveryId": delivery,
        "network": tenant.name,
        "lead": {
            "id": copy.id,
            "rootId": copy.root,
            "parentId": copy.parent,
            "chain": line,
            "round": copy.round,
            "source": copy.source,
            "campaign": copy.labels.campaign,
            "language": copy.labels.language,
            "offeredAt": moment(copy.times.offered_at),
            "dueAt": moment(copy.due_at),
        },
        "request": {
            "id": request.id,
            "externalId": request.external_id,
            "source": request.source,
            "receivedAt": request.received_at.to_string(),
            "brand": request.interest.brand,
            "product": request.interest.product,
            "interest": request.interest.kind,
            "person": {
                "firstName": request.person.first_name,
                "lastName": request.person.last_name,
                "email": request.person.email,
                "phone": request.person.phone,
                "comments": request.comments,
            },
            "address": address(&request.address),
        },
        "dealer": {
            "id": dealer.id,
            "number": dealer.number,
            "subNumber": (!dealer.sub_number.is_empty()).then_some(&dealer.sub_number),
            "name": dealer.name,
        },
    })
}

fn address(address: &Address) -> Value {
    json!({
        "street": address.street,
        "city": address.city,
        "region": address.region,
        "postalCode": address.postal_code,
        "country": address.country,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples;

    // SEND-5
    #[test]
    fn a_lead_is_posted_in_the_documented_shape() {
        let documented = include_str!("../../docs/pushes.md");
        let (_, rest) = documented.split_once("```json\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let example: Value = serde_json::from_str(example).unwrap();
        assert_eq!(event(&samples::parcel()), example);
    }
}
