//! What is known of a tenant while inputs are read: its definitions, and where the postal codes are that the inputs name.

use std::collections::HashMap;

use crate::domain::category::Category;
use crate::domain::field::{FieldDefinition, Subject};
use crate::domain::id::TenantId;
use crate::domain::input::{Known, Located};
use crate::domain::tenant::Tenant;
use crate::domain::{CountryCode, PostalCode};
use crate::places::{PostalTable, default_time_zone};
use crate::store::{Conn, StoreError, categories, fields, postal, tenants};

/// Loaded once per transaction or batch.
pub struct Ground {
    /// The tenant.
    pub tenant: Tenant,
    /// Custom fields of the subject that is written, archived ones included.
    pub fields: Vec<FieldDefinition>,
    /// Category groups of dealers.
    pub categories: Vec<Category>,
    imported: HashMap<(CountryCode, PostalCode), Located>,
}

impl Ground {
    /// What is known for writing a `subject`.
    pub async fn load(conn: &Conn, tenant: TenantId, subject: Subject) -> Result<Self, StoreError> {
        let found = tenants::lookup(conn, tenant).await?;
        let categories = match subject {
            Subject::Dealer => categories::list_all(conn, tenant).await?,
            Subject::Lead | Subject::User => Vec::new(),
        };
        Ok(Self {
            tenant: found
                .ok_or_else(|| StoreError::corrupt("tenants.tenant_id", format!("{tenant} does not exist")))?,
            fields: fields::list_by_subject(conn, tenant, subject).await?,
            categories,
            imported: HashMap::new(),
        })
    }

    /// Finds out where these codes are: what the tenant imported goes before the tables in the program. A code that is not sound is
    /// left out here and named when the input is read.
    pub async fn find_codes<'t>(
        &mut self,
        conn: &Conn,
        codes: impl IntoIterator<Item = (Option<&'t str>, &'t str)>,
    ) -> Result<(), StoreError> {
        let home = self.tenant.country;
        let parse = |(country, code): (Option<&str>, &str)| {
            let country = country.map_or(Ok(home), CountryCode::parse).ok()?;
            PostalCode::parse(country, code).ok().map(|code| (country, code))
        };
        let mut wanted: Vec<_> = codes.into_iter().filter_map(parse).collect();
        wanted.sort_unstable();
        wanted.dedup();
        for found in postal::lookup_many(conn, self.tenant.id, &wanted).await? {
            let region = Some(found.region).filter(|region| !region.is_empty());
            self.imported.insert((found.country, found.code), Located { point: found.point, region });
        }
        Ok(())
    }

    /// Where a code is.
    pub fn locate(&self, country: CountryCode, code: &PostalCode) -> Option<Located> {
        let imported = self.imported.get(&(country, code.clone())).cloned();
        imported.or_else(|| {
            let place = PostalTable::embedded().lookup(country, code)?;
            Some(Located { point: place.point, region: place.region })
        })
    }

    /// Reads an input against what is known.
    pub fn read<T>(&self, read: impl FnOnce(&Known<'_>) -> T) -> T {
        read(&Known {
            tenant: &self.tenant,
            fields: &self.fields,
            categories: &self.categories,
            locate: &|country, code| self.locate(country, code),
            zone_of: &default_time_zone,
        })
    }
}
