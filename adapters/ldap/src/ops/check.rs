//! Tries the directory without changing anything.

use jiff::Timestamp;
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::ldap::{AttributeName, Dn, Filter, Scope};

use crate::dialect::OBJECT_CLASS;
use crate::directory::{Directory, base_is_missing};
use crate::map::Row;
use crate::root::{self, Root};
use crate::settings::{Dialect, MemberOf};
use crate::time::{FileTime, filetime};
use crate::walk::Walk;

const USER_PRINCIPAL_NAME: AttributeName = AttributeName::known("userPrincipalName");
const SAM_ACCOUNT_NAME: AttributeName = AttributeName::known("sAMAccountName");
const PASSWORD_EXPIRY: AttributeName = AttributeName::known("msDS-UserPasswordExpiryTimeComputed");
const ACCOUNT_EXPIRES: AttributeName = AttributeName::known("accountExpires");

/// Days before the end of the service account's password in which the check warns.
const SOON: i64 = 14;
/// People whose entries are looked at.
const SAMPLE: usize = 100;

impl Handler<CheckSystem> for Directory {
    async fn handle(&self, context: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        let root = self.root(context).await?;
        report.version.clone_from(&root.vendor);
        self.check_connection(&root, &mut report);
        let people = Box::pin(self.check_people(context, &root, &mut report)).await?;
        check_attributes(&people, &mut report);
        self.check_other_places(context, &mut report).await?;
        Box::pin(self.check_changes(context, &root, &mut report)).await?;
        if self.dialect() == Dialect::ActiveDirectory {
            self.check_account(context, &root, &mut report).await?;
        }
        Ok(report)
    }
}

impl Directory {
    fn check_connection(&self, root: &Root, report: &mut CheckReport) {
        report.passed.push("the server speaks LDAP".into());
        if self.settings.encrypted {
            report.passed.push("the certificate of the server is trusted".into());
        }
        report.passed.push(match self.settings.bind_name {
            Some(_) => "the service account is accepted".into(),
            None => "the server answers without an account".into(),
        });
        if self.settings.in_clear {
            report.warnings.push(
                "Everything travels without TLS (`plain_ldap`): everybody on the way can read the password and the people."
                    .into(),
            );
        }
        let other = match self.dialect() {
            Dialect::OpenLdap => root.is_active_directory.then_some("activeDirectory"),
            Dialect::ActiveDirectory => root.is_openldap.then_some("openldap"),
        };
        if let Some(other) = other {
            report
                .warnings
                .push(format!("The server looks like another product; set `dialect = \"{other}\"`."));
        }
        if !root.contexts.is_empty() && root.context_of(&self.settings.people.base).is_none() {
            report
                .warnings
                .push("`people.base` lies in no naming context of this server; check its end.".into());
        }
    }

    /// Looks at some people, and at what the server does about many.
    async fn check_people(
        &self,
        context: &CallContext,
        root: &Root,
        report: &mut CheckReport,
    ) -> Result<Vec<Row>, Error> {
        let mut search = self.people(Vec::new(), self.person_attributes.clone());
        // Asked as a client that does not know of the suppression would: a referral is worth telling.
        search.domain_scope = false;
        let mut walk = Walk::start(self, context, search).await?;
        let (mut found, mut rows) = (0_usize, Vec::new());
        let now = Timestamp::now();
        while let Some(entries) = walk.next().await.map_err(base_is_missing)? {
            found += entries.len();
            for entry in entries.iter().take(SAMPLE.saturating_sub(rows.len())) {
                rows.push(self.row(entry, now)?);
            }
            // Enough to know that the server gives a second page.
            if found > self.allowed_page_size() as usize {
                break;
            }
        }
        if found == 0 {
            report.warnings.push(
                "No people were found: check `people.base` and what counts as a person, and that the service account may \
                 read them."
                    .into(),
            );
        } else {
            report.passed.push(format!("people were found ({found} read)"));
        }
        report.warnings.extend(walk.limited());
        if walk.referrals() > 0 && self.dialect() == Dialect::ActiveDirectory {
            let told =
                "the directory refers to other partitions, which are not followed (they hold no people)";
            report.passed.push(told.into());
        }
        if !root.has(root::PAGING) {
            report
                .warnings
                .push("The server does not announce paging (RFC 2696); long lists will be limited.".into());
        }
        let (asked, allowed) = (self.settings.page_size, self.allowed_page_size());
        if allowed < asked {
            report.warnings.push(format!(
                "The server refuses {asked} entries at a time; {allowed} are asked for instead. Set `limits.page_size` \
                 to that, or have the limit raised (OpenLDAP: `limits … size.pr`)."
            ));
        }
        Ok(rows)
    }

    /// Units and groups: whether there is anything where they should be.
    async fn check_other_places(&self, context: &CallContext, report: &mut CheckReport) -> Result<(), Error> {
        if let Some(table) = self.fresh_units(context).await? {
            match table.units.len() {
                0 => report.warnings.push("No units were found; check `org_units.base`.".into()),
                units => report.passed.push(format!("units were found ({units})")),
            }
            report.warnings.extend(table.limited.clone());
        }
        if let Some((base, how)) = &self.settings.groups {
            let mut search = self.search("groups", base, Scope::Base, Filter::Present(OBJECT_CLASS));
            search.attributes = vec![AttributeName::NONE];
            match self.ask(context, &search).await {
                Ok(found) if !found.entries.is_empty() => {
                    let how = match how {
                        MemberOf::Auto => "members are looked for, and memberOf is added",
                        MemberOf::Search => "members are looked for",
                        MemberOf::Attribute => "memberOf alone is believed",
                    };
                    report.passed.push(format!("the place of groups can be read ({how})"));
                }
                Ok(_) => report.warnings.push("Nothing was found at `groups.base`.".into()),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::BackendForbidden) => {
                    report
                        .warnings
                        .push("`groups.base` is not there, or hidden from the service account.".into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn check_changes(
        &self,
        context: &CallContext,
        root: &Root,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        let (way, remedy) = match self.dialect() {
            Dialect::OpenLdap => (
                self.way_of_openldap(context).await?,
                "load the overlay `syncprov` and let the service account read `contextCSN`",
            ),
            Dialect::ActiveDirectory => (
                self.way_of_active_directory(context, root).await?,
                "grant it `Replicating Directory Changes` on the domain, or let it read deleted entries",
            ),
        };
        match way {
            Some(way) => report.passed.push(way.into()),
            None => report.warnings.push(format!(
                "The directory tells this account no changes, so that everybody is read each time: {remedy}."
            )),
        }
        Ok(())
    }

    /// When the service account's own password ends.
    async fn check_account(
        &self,
        context: &CallContext,
        root: &Root,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        let Some(name) = self.settings.bind_name.as_deref() else { return Ok(()) };
        let Some(naming) = root.context_of(&self.settings.people.base) else { return Ok(()) };
        let mut search = match Dn::parse(name) {
            Ok(dn) => self.search("account", &dn, Scope::Base, Filter::Present(OBJECT_CLASS)),
            Err(_) => {
                let short = name.rsplit('\\').next().unwrap_or(name);
                let either =
                    vec![Filter::equal(&USER_PRINCIPAL_NAME, name), Filter::equal(&SAM_ACCOUNT_NAME, short)];
                self.search("account", naming, Scope::Subtree, Filter::Or(either))
            }
        };
        search.attributes = vec![PASSWORD_EXPIRY, ACCOUNT_EXPIRES];
        search.size_limit = 2;
        let found = match self.ask(context, &search).await {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::BackendForbidden) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let Some(entry) = found.entries.first() else { return Ok(()) };
        let now = Timestamp::now();
        for (attribute, what) in [
            (&PASSWORD_EXPIRY, "The password of the service account"),
            (&ACCOUNT_EXPIRES, "The service account"),
        ] {
            if let Some(FileTime::At(end)) = entry.first_text(attribute.as_str()).and_then(filetime) {
                report.warnings.extend(ends_soon(what, end, now));
            }
        }
        Ok(())
    }
}

/// A warning when something ends within two weeks.
fn ends_soon(what: &str, end: Timestamp, now: Timestamp) -> Option<String> {
    let days = portico_contract::certificate::days_between(now, end);
    match days {
        ..0 => Some(format!("{what} has expired; renew it before the next sign-in.")),
        0..=SOON => Some(format!("{what} expires in {days} days; renew it before then.")),
        _ => None,
    }
}

/// Members that nobody has: a wrong attribute map, or a right that is missing.
fn check_attributes(rows: &[Row], report: &mut CheckReport) {
    if rows.is_empty() {
        return;
    }
    type Has = fn(&Row) -> bool;
    let members: [(&str, &str, Has); 6] = [
        ("user name", "user_name", |row| row.profile.user_name.is_some()),
        ("mail address", "email", |row| !row.profile.emails.is_empty()),
        ("employee number", "employee_number", |row| row.profile.employee_number.is_some()),
        ("department", "department", |row| row.profile.department.is_some()),
        ("manager", "manager", |row| row.manager.is_some()),
        ("time of change", "", |row| row.updated.is_some()),
    ];
    for (what, setting, has) in members {
        if rows.iter().any(has) {
            continue;
        }
        let remedy = match setting {
            "" => "let the service account read the operational attributes".to_owned(),
            setting => format!("check `attributes.{setting}` and what the service account may read"),
        };
        report.warnings.push(format!("None of {} people looked at has a {what}; {remedy}.", rows.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_two_weeks_before() {
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let in_days = |days: i64| Timestamp::from_second(1_800_000_000 + days * 86_400).expect("a time");
        assert_eq!(ends_soon("It", in_days(15), now), None);
        for days in [14, 7, 0] {
            assert!(
                ends_soon("It", in_days(days), now)
                    .is_some_and(|told| told.contains(&format!("{days} days")))
            );
        }
        assert!(ends_soon("It", in_days(-1), now).is_some_and(|told| told.contains("has expired")));
    }
}
