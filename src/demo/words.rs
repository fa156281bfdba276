//! The words that the demo's people, dealers and goods are named with. None of them may be a maker's or a real company's.

/// Brands that nobody makes; the first is the electric one.
pub const BRANDS: [&str; 8] =
    ["Aurora", "Boreal", "Cardinal", "Dunelight", "Emberline", "Fathom", "Grovewind", "Halcyon"];

/// Products, the same names for each brand.
pub const PRODUCTS: [&str; 6] = ["City 3", "City 5", "Trail 4", "Trail 6", "Vista Wagon", "Cargo Van"];

/// What customers want, with how often they do.
pub const INTERESTS: [(&str, f64); 5] =
    [("Buy", 40.0), ("Test drive", 25.0), ("Lease", 18.0), ("Trade-in", 10.0), ("Service", 7.0)];

/// Campaigns that bring some of the leads.
pub const CAMPAIGNS: [&str; 5] =
    ["Autumn test drives", "Winter tyres", "Electric weekends", "Company fleets", "Newsletter"];

/// What customers write.
pub const COMMENTS: [&str; 8] = [
    "Please call after 5 pm.",
    "Is it still available?",
    "I would like to see it on Saturday.",
    "Do you take my old one in part exchange?",
    "What would it cost a month?",
    "Only by mail, please.",
    "Can it be delivered?",
    "Do you have it in blue?",
];

/// First half of a dealer's name.
pub const DEALER_FIRST: [&str; 32] = [
    "Amber",
    "Birch",
    "Blue Heron",
    "Brook",
    "Cedar",
    "Clear",
    "Copper",
    "Cottonwood",
    "Eagle",
    "Elm",
    "Fern",
    "Fox",
    "Granite",
    "Harbor",
    "Hickory",
    "High",
    "Juniper",
    "Lake",
    "Long",
    "Maple",
    "Meadow",
    "Mill",
    "North",
    "Otter",
    "Pine",
    "Prairie",
    "Quarry",
    "River",
    "Sage",
    "Silver",
    "Stone",
    "Willow",
];

/// Second half of it.
pub const DEALER_SECOND: [&str; 20] = [
    "Bend", "Bluff", "Bridge", "Creek", "Crossing", "Falls", "Field", "Gate", "Glen", "Grove", "Hill", "Hollow",
    "Landing", "Point", "Ridge", "Run", "Shore", "Spring", "Valley", "View",
];

/// What kind of house it is.
pub const DEALER_KIND: [(&str, f64); 7] = [
    ("Motors", 30.0),
    ("Auto Group", 20.0),
    ("Auto Center", 15.0),
    ("Automotive", 12.0),
    ("Cars", 10.0),
    ("Motor Company", 8.0),
    ("Mobility", 5.0),
];

/// Streets, after the number.
pub const STREETS: [&str; 12] = [
    "Main Street",
    "Market Street",
    "Mill Road",
    "Station Road",
    "Commerce Drive",
    "Industrial Parkway",
    "Oak Avenue",
    "Second Street",
    "Airport Road",
    "Lake Drive",
    "County Road",
    "Hillside Avenue",
];

/// First names.
pub const FIRST_NAMES: [&str; 40] = [
    "Aaron", "Aisha", "Alice", "Amara", "André", "Anna", "Ben", "Carla", "Chen", "Clara", "Daniel", "Diego", "Elena",
    "Emma", "Farid", "Grace", "Hana", "Ines", "Isaac", "Ivan", "Jonas", "José", "Kenji", "Laila", "Leo", "Łukasz",
    "Maya", "Mei", "Miguel", "Nadia", "Noah", "Olga", "Omar", "Priya", "Rosa", "Samuel", "Sofia", "Tariq", "Vera",
    "Zoë",
];

/// Last names that say that nobody real is meant.
pub const LAST_NAMES: [&str; 36] = [
    "Ashfield",
    "Beispiel",
    "Brightwater",
    "Castellane",
    "Cordova",
    "Demir",
    "Dunmore",
    "Ejemplo",
    "Exemple",
    "Fairweather",
    "Farrow",
    "Greenhalgh",
    "Hartnell",
    "Ibarra",
    "Jansson",
    "Kowal",
    "Lindqvist",
    "Marlowe",
    "Mockford",
    "Nakano",
    "Northway",
    "Okonjo",
    "Okafor",
    "Pemberly",
    "Quill",
    "Rosendal",
    "Sampleton",
    "Silvano",
    "Tanaka",
    "Testerman",
    "Underhill",
    "Varga",
    "Westbrook",
    "Whitlock",
    "Yamada",
    "Zielinski",
];

/// Names as they stand in a mail address: lower case, letters and digits only.
pub fn address_part(name: &str) -> String {
    let plain = |letter: char| match letter {
        'é' | 'ë' => 'e',
        'ł' => 'l',
        other => other,
    };
    name.to_lowercase().chars().map(plain).filter(char::is_ascii_alphanumeric).collect()
}
