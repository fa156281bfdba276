//! One line of a postal table: which columns it has, and what they must hold.
//!
//! Every row is made here, from an import as from the embedded tables; an unsound one never leaves.

use crate::domain::{CountryCode, Invalid, Point, PostalCode, error};

/// GeoNames allows 180 characters for a place name; its longest Canadian one has 161.
const PLACE_CHARS_MAX: usize = 180;
/// GeoNames allows 100 characters for the name of a state or province.
const REGION_CHARS_MAX: usize = 100;

/// What a postal code stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct PostalPlace {
    /// The middle of the code's area.
    pub point: Point,
    /// The name of the place, may be empty.
    pub place: String,
    /// The state or province, abbreviated where the country's post does so (`MA`), else by name.
    pub region: Option<String>,
}

/// A postal code with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PostalRow {
    /// The country whose code it is.
    pub country: CountryCode,
    /// The code as leads and dealers are looked up by it.
    pub code: PostalCode,
    /// The middle of the code's area.
    pub point: Point,
    /// The name of the place, may be empty.
    pub place: String,
    /// The state or province, abbreviated where the country's post does so (`MA`), else by name.
    pub region: Option<String>,
}

impl From<PostalRow> for PostalPlace {
    fn from(row: PostalRow) -> Self {
        Self { point: row.point, place: row.place, region: row.region }
    }
}

/// Which column stands where, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    country: usize,
    code: usize,
    place: usize,
    region: usize,
    region_code: Option<usize>,
    lat: usize,
    lon: usize,
}

/// Why a line is no row: the column's name, empty for the line as a whole, and what to do.
pub(super) type Refusal = (&'static str, String);

impl Columns {
    /// GeoNames' own download: country, code, place, admin1 name and code, admin2 name and code, admin3 name and code,
    /// lat, lon, accuracy; no header.
    const GEONAMES: Self = Self { country: 0, code: 1, place: 2, region: 3, region_code: Some(4), lat: 9, lon: 10 };
    /// The embedded tables: a header in this order.
    pub(super) const EMBEDDED: Self =
        Self { country: 0, code: 1, place: 2, region: 3, region_code: None, lat: 4, lon: 5 };
    const HEADER: [&str; 6] = ["country", "code", "place", "admin1", "lat", "lon"];
    /// Up to the longitude; the accuracy behind it is not read.
    const GEONAMES_FIELDS_MIN: usize = 11;

    /// Tells the layout by a file's first line.
    pub(super) fn detect(first_line: &str) -> Result<Layout, Refusal> {
        let fields: Vec<String> = first_line.split('\t').map(|field| field.trim().to_ascii_lowercase()).collect();
        let position = |name: &str| fields.iter().position(|field| field == name);
        if fields.iter().any(|field| Self::HEADER.contains(&field.as_str())) {
            let column = |name: &'static str| {
                position(name).ok_or_else(|| (name, format!("the header has no column `{name}`, {}", advice())))
            };
            return Ok(Layout::Headed(Self {
                country: column("country")?,
                code: column("code")?,
                place: column("place")?,
                region: column("admin1")?,
                region_code: None,
                lat: column("lat")?,
                lon: column("lon")?,
            }));
        }
        if fields.len() >= Self::GEONAMES_FIELDS_MIN {
            return Ok(Layout::Bare(Self::GEONAMES));
        }
        Err((
            "",
            format!("the first line has {} tab-separated columns and no known header, {}", fields.len(), advice()),
        ))
    }

    /// Reads one line that is not a header.
    pub(super) fn row(&self, line: &str) -> Result<PostalRow, Refusal> {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        let field = |index: usize, name: &'static str| {
            fields
                .get(index)
                .copied()
                .ok_or_else(|| (name, format!("the line ends after {} columns, `{name}` is missing", fields.len())))
        };
        let country = refuse("country", CountryCode::parse(field(self.country, "country")?))?;
        let code = refuse("code", PostalCode::parse(country, field(self.code, "code")?))?;
        let place = error::optional_text("place", Some(field(self.place, "place")?), PLACE_CHARS_MAX);
        let region = error::optional_text("admin1", Some(self.region_of(&field)?), REGION_CHARS_MAX);
        let lat = degrees("lat", field(self.lat, "lat")?)?;
        let lon = degrees("lon", field(self.lon, "lon")?)?;
        let place = refuse("place", place)?.unwrap_or_default();
        Ok(PostalRow { country, code, point: point(lat, lon)?, place, region: refuse("admin1", region)? })
    }

    /// The abbreviation where it is one (`NSW`); GeoNames also has bare numbers and codes of its own (`E7`), which tell
    /// people nothing, so there the name.
    fn region_of<'a>(
        &self,
        field: &impl Fn(usize, &'static str) -> Result<&'a str, Refusal>,
    ) -> Result<&'a str, Refusal> {
        let code = self.region_code.map(|index| field(index, "admin1")).transpose()?;
        match code {
            Some(code) if !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphabetic()) => Ok(code),
            _ => field(self.region, "admin1"),
        }
    }
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    /// The first line names the columns.
    Headed(Columns),
    /// The first line is a row already.
    Bare(Columns),
}

fn advice() -> String {
    format!("give GeoNames' 12 columns without a header, or a header with `{}`", Columns::HEADER.join("` `"))
}

fn degrees(column: &'static str, text: &str) -> Result<f64, Refusal> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(20).collect();
        (column, format!("`{shown}` is not a number of degrees, write it like `-36.8485`"))
    })
}

fn point(lat: f64, lon: f64) -> Result<Point, Refusal> {
    // No post is delivered in the Gulf of Guinea: zeros stand for a point that nobody knew.
    if lat == 0.0 && lon == 0.0 {
        return Err(("lat", "`0`, `0` is no postal code's point, give the true one or leave the line out".to_owned()));
    }
    Point::new(lat, lon).map_err(|invalid| (if (-90.0..=90.0).contains(&lat) { "lon" } else { "lat" }, invalid.message))
}

fn refuse<T>(column: &'static str, parsed: Result<T, Invalid>) -> Result<T, Refusal> {
    parsed.map_err(|invalid| (column, invalid.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geonames(line: &str) -> Result<PostalRow, Refusal> {
        Columns::GEONAMES.row(line)
    }

    #[test]
    fn a_line_of_geonames_becomes_a_row() {
        let row = geonames("US\t99553\tAkutan\tAlaska\tAK\tAleutians East\t013\t\t\t54.143\t-165.7854\t1").unwrap();
        assert_eq!(row.code.as_str(), "99553");
        assert_eq!(row.region.as_deref(), Some("AK"));
        assert_eq!(row.point, Point::new(54.143, -165.7854).unwrap());
    }

    #[test]
    fn a_region_is_named_where_its_code_tells_people_nothing() {
        for (name, code, region) in [
            ("Auckland", "E7", Some("Auckland")),
            ("Bayern", "02", Some("Bayern")),
            ("Nelson", "", Some("Nelson")),
            ("", "", None),
        ] {
            let row = geonames(&format!("NZ\t0610\tHenderson\t{name}\t{code}\t\t\t\t\t-36.9\t174.6\t4")).unwrap();
            assert_eq!(row.region.as_deref(), region, "{name} {code}");
        }
    }

    #[test]
    fn an_unsound_line_is_refused_with_its_column_and_its_text() {
        for (line, column, said) in [
            ("USA\t99553\tA\tB\tAK\t\t\t\t\t1\t2", "country", "`USA`"),
            ("US\t9955x\tA\tB\tAK\t\t\t\t\t1\t2", "code", "`9955x`"),
            ("US\t99553\tA\tB\tAK\t\t\t\t\t1,5\t2", "lat", "`1,5`"),
            ("US\t99553\tA\tB\tAK\t\t\t\t\t1\t", "lon", "``"),
            ("US\t99553\tA\tB\tAK\t\t\t\t\t91\t2", "lat", "`91`"),
            ("US\t99553\tA\tB\tAK\t\t\t\t\t1\t180.5", "lon", "`180.5`"),
            ("US\t99553\tA\tB\tAK\t\t\t\t\tNaN\t2", "lat", "`NaN`"),
            ("US\t99553\tA\tB\tAK\t\t\t\t\t0\t0", "lat", "leave the line out"),
            ("US\t99553\tA\tB\tAK", "lat", "ends after 5 columns"),
        ] {
            let (found, message) = geonames(line).unwrap_err();
            assert_eq!(found, column, "{line}");
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn a_place_name_beyond_the_limit_is_refused() {
        let line = format!("US\t99553\t{}\tB\tAK\t\t\t\t\t1\t2", "x".repeat(181));
        assert_eq!(geonames(&line).unwrap_err().0, "place");
    }

    #[test]
    fn the_layout_is_told_by_the_first_line() {
        let bare = "NZ\t0610\tHenderson\tAuckland\tE7\t\t\t\t\t-36.9\t174.6\t4";
        assert!(matches!(Columns::detect(bare), Ok(Layout::Bare(_))));
        let Ok(Layout::Headed(columns)) = Columns::detect("Lon\tlat\tadmin1\tplace\tcode\tcountry\tnote") else {
            panic!("a header in another order is a header");
        };
        let row = columns.row("174.6\t-36.9\tAuckland\tHenderson\t0610\tNZ\t").unwrap();
        assert_eq!(row.point, Point::new(-36.9, 174.6).unwrap());
    }

    #[test]
    fn a_header_that_lacks_a_column_and_a_file_of_another_kind_are_refused() {
        let (column, message) = Columns::detect("country\tcode\tplace\tlat\tlon").unwrap_err();
        assert_eq!(column, "admin1");
        assert!(message.contains("no column `admin1`"), "{message}");
        let (column, message) = Columns::detect("id,name,zip").unwrap_err();
        assert_eq!(column, "");
        assert!(message.contains("1 tab-separated columns"), "{message}");
    }
}
