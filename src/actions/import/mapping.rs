//! Which column of a file is which: as told, else by name.

use super::columns::{self, plain};
use super::staged::ColumnUsed;
use crate::domain::category::Category;
use crate::domain::field::{FieldDefinition, nearest};
use crate::domain::{Invalid, InvalidCode};
use crate::store::imports::ImportKind;

/// What the caller says about columns.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `(ours, theirs)`: our column is the file's column of that name.
    pub map: Vec<(String, String)>,
    /// `(ours, value)`: our column has this value in every row.
    pub set: Vec<(String, String)>,
}

/// Where our columns stand in a file.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    headers: Vec<String>,
    sources: Vec<(String, Source)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Column(usize),
    Constant(String),
}

/// What a tenant adds to the columns.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) fields: &'a [FieldDefinition],
    pub(super) categories: &'a [Category],
}

impl Mapping {
    /// Matches a header with the columns of a kind of file; every problem at once.
    pub(super) fn new(
        kind: ImportKind,
        headers: Vec<String>,
        own: Own<'_>,
        wishes: &Wishes,
    ) -> Result<Self, Vec<Invalid>> {
        let known = known(kind, own);
        let mut mapping = Self { headers, sources: Vec::new() };
        let mut problems = Vec::new();
        for (ours, theirs) in &wishes.map {
            match (check_known(ours, &known), mapping.position(theirs)) {
                (Err(problem), _) => problems.push(problem),
                (Ok(()), Some(index)) => mapping.sources.push((ours.clone(), Source::Column(index))),
                (Ok(()), None) => problems.push(mapping.no_such_header(theirs)),
            }
        }
        for (ours, value) in &wishes.set {
            problems.extend(check_known(ours, &known).err());
            mapping.sources.push((ours.clone(), Source::Constant(value.clone())));
        }
        for (name, aliases) in &known {
            if mapping.source(name).is_none()
                && let Some(index) = mapping.match_by_name(name, aliases)
            {
                mapping.sources.push((name.clone(), Source::Column(index)));
            }
        }
        if mapping.sources.is_empty() && problems.is_empty() {
            let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            let message =
                format!("no column of the file is known, say which of them is which; known are {}", names.join(", "));
            problems.push(Invalid::new("file", InvalidCode::Malformed, message));
        }
        if problems.is_empty() { Ok(mapping) } else { Err(problems) }
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.headers.len()
    }

    /// What our columns are filled from.
    pub(super) fn used(&self) -> Vec<ColumnUsed> {
        let used = |(ours, source): &(String, Source)| {
            let (header, value) = match source {
                Source::Column(index) => (self.headers.get(*index).cloned(), None),
                Source::Constant(value) => (None, Some(value.clone())),
            };
            ColumnUsed { ours: ours.clone(), header, value }
        };
        self.sources.iter().map(used).collect()
    }

    /// The file's columns that are not used.
    pub(super) fn ignored(&self) -> Vec<String> {
        let used = |index: usize| self.sources.iter().any(|(_, source)| *source == Source::Column(index));
        let unused = self.headers.iter().enumerate().filter(|(index, _)| !used(*index));
        unused.map(|(_, header)| header.clone()).collect()
    }

    /// A column's value in a row; a blank one is none.
    pub(super) fn value<'r>(&'r self, cells: &'r [String], ours: &str) -> Option<&'r str> {
        let value = match self.source(ours)? {
            Source::Column(index) => cells.get(*index)?.as_str(),
            Source::Constant(value) => value.as_str(),
        };
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Our columns that begin so, without the beginning.
    pub(super) fn below<'m>(&'m self, prefix: &'m str) -> impl Iterator<Item = &'m str> {
        self.sources.iter().filter_map(move |(name, _)| name.strip_prefix(prefix))
    }

    /// What the file calls our column.
    pub(super) fn header(&self, ours: &str) -> String {
        match self.source(ours) {
            Some(Source::Column(index)) => self.headers.get(*index).cloned().unwrap_or_default(),
            Some(Source::Constant(_)) | None => ours.to_owned(),
        }
    }

    /// What the file calls the column at `index`.
    pub(super) fn header_at(&self, index: usize) -> String {
        self.headers.get(index).cloned().unwrap_or_default()
    }

    fn source(&self, ours: &str) -> Option<&Source> {
        self.sources.iter().find(|(name, _)| name == ours).map(|(_, source)| source)
    }

    fn position(&self, header: &str) -> Option<usize> {
        let exact = self.headers.iter().position(|known| known.trim() == header.trim());
        exact.or_else(|| self.headers.iter().position(|known| plain(known) == plain(header)))
    }

    /// The file's column of our name, else of one of its other names; none that is used already.
    fn match_by_name(&self, name: &str, aliases: &[String]) -> Option<usize> {
        let names = std::iter::once(plain(name)).chain(aliases.iter().cloned());
        let free = |index: usize| self.sources.iter().all(|(_, source)| *source != Source::Column(index));
        let mut found = names.filter_map(|name| self.headers.iter().position(|header| plain(header) == name));
        found.find(|index| free(*index))
    }

    fn no_such_header(&self, theirs: &str) -> Invalid {
        let advice = nearest(theirs, self.headers.iter().map(String::as_str));
        let advice = advice
            .map_or_else(|| format!("it has {}", self.headers.join(", ")), |near| format!("did you mean `{near}`?"));
        Invalid::new("map", InvalidCode::NotFound, format!("the file has no column `{theirs}`, {advice}"))
    }
}

/// All columns that a tenant's file may have, with their other names. The tenant's own come last, so that a built-in one goes before.
fn known(kind: ImportKind, own: Own<'_>) -> Vec<(String, Vec<String>)> {
    let also = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let fixed = columns::of(kind).iter().map(|spec| (spec.name.to_owned(), also(spec.aliases)));
    let own_column = |kind: &str, key: &str, label: &str| (format!("{kind}.{key}"), vec![plain(key), plain(label)]);
    let categories = own.categories.iter().map(|category| own_column("category", &category.key, &category.label));
    let live = own.fields.iter().filter(|field| !field.archived());
    let custom = live.map(|field| own_column("custom", field.key(), field.label()));
    fixed.chain(categories).chain(custom).collect()
}

fn check_known(ours: &str, known: &[(String, Vec<String>)]) -> Result<(), Invalid> {
    if known.iter().any(|(name, _)| name == ours) {
        return Ok(());
    }
    let advice = nearest(ours, known.iter().map(|(name, _)| name.as_str()));
    let names = || known.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let advice = advice.map_or_else(|| format!("known are {}", names()), |near| format!("did you mean `{near}`?"));
    Err(Invalid::new("map", InvalidCode::NotFound, format!("there is no column `{ours}`, {advice}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Own<'static> = Own { fields: &[], categories: &[] };

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn cells(text: &str) -> Vec<String> {
        headers(text)
    }

    // BULK-10
    #[test]
    fn columns_are_known_by_their_usual_names() {
        let file = headers("dealer_id,Dealer Name,State,ZIP Code,Latitude,lng,make,km_to_zip");
        let mapping = Mapping::new(ImportKind::Dealers, file, NOTHING, &Wishes::default()).unwrap();
        let row = cells("A1,Acme,MA,02138,42.1, -71.2 ,Ford,3.3");
        for (ours, value) in [
            ("number", Some("A1")),
            ("name", Some("Acme")),
            ("region", Some("MA")),
            ("postal_code", Some("02138")),
            ("lon", Some("-71.2")),
            ("brands", Some("Ford")),
            ("city", None),
        ] {
            assert_eq!(mapping.value(&row, ours), value, "{ours}");
        }
        assert_eq!(mapping.ignored(), ["km_to_zip"]);
    }

    // BULK-10
    #[test]
    fn what_the_caller_says_goes_before_names() {
        let wishes =
            Wishes { map: vec![("name".into(), "trade name".into())], set: vec![("country".into(), "CA".into())] };
        let file = headers("number,name,Trade Name,country");
        let mapping = Mapping::new(ImportKind::Dealers, file, NOTHING, &wishes).unwrap();
        let row = cells("A1,Acme Ltd,Acme,US");
        assert_eq!((mapping.value(&row, "name"), mapping.value(&row, "country")), (Some("Acme"), Some("CA")));
        assert_eq!(mapping.ignored(), ["name", "country"]);
    }

    // BULK-10
    #[test]
    fn wishes_that_cannot_be_met_are_named_with_the_nearest() {
        let wishes = Wishes {
            map: vec![("nam".into(), "name".into()), ("city".into(), "twon".into())],
            set: vec![("colour".into(), "red".into())],
        };
        let problems = Mapping::new(ImportKind::Dealers, headers("name,town"), NOTHING, &wishes).unwrap_err();
        let said: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            said[..2],
            ["there is no column `nam`, did you mean `name`?", "the file has no column `twon`, did you mean `town`?"]
        );
        assert!(said[2].starts_with("there is no column `colour`, known are number,"));
        assert!(Mapping::new(ImportKind::Leads, headers("a,b"), NOTHING, &Wishes::default()).is_err());
    }
}
