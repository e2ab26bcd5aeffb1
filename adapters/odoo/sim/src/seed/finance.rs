//! Money: currencies, English taxes, expense categories, cost centres, projects.

use portico_simkit::council::DEPARTMENTS;

use super::Maker;
use crate::Version;
use crate::value::Value;

/// Code, name, cost for one (0 where the amount is entered), and the tax, by its place in [`TAXES`].
const CATEGORIES: [(&str, &str, f64, usize); 12] = [
    ("MILE", "Mileage", 0.45, 2),
    ("RAIL", "Rail travel", 0.0, 2),
    ("BUS", "Bus and taxi", 0.0, 2),
    ("AIR", "Air travel", 0.0, 2),
    ("HOTEL", "Accommodation", 0.0, 0),
    ("MEAL", "Meals and subsistence", 0.0, 0),
    ("PARK", "Parking and tolls", 0.0, 0),
    ("CONF", "Training and conferences", 0.0, 0),
    ("BOOK", "Books and subscriptions", 0.0, 2),
    ("TEL", "Telephone and internet", 0.0, 0),
    ("FUEL", "Heating fuel for community rooms", 0.0, 1),
    ("MISC", "Other expenses", 0.0, 3),
];

/// Value added tax on what is bought.
const TAXES: [(&str, f64); 4] =
    [("20% VAT", 20.0), ("5% VAT", 5.0), ("0% VAT (zero-rated)", 0.0), ("VAT exempt", 0.0)];

const PROJECTS: [&str; 8] = [
    "Bridge Street resurfacing",
    "Central Library refurbishment",
    "Electric fleet",
    "Flood defence at Mill Lane",
    "Llyn Padarn footpath",
    "New payroll system",
    "School meals kitchen",
    "Town hall roof",
];

/// Names and costs of the expense categories of the council, in the order of their ids.
pub fn categories() -> impl Iterator<Item = (&'static str, f64)> {
    CATEGORIES.into_iter().map(|(_, name, cost, _)| (name, cost))
}

/// How many categories there are.
pub(super) const COUNT: usize = CATEGORIES.len();

pub(super) fn fill(maker: &mut Maker<'_>) {
    for (code, symbol, name, rate) in [("EUR", "€", "Euro", 1.15), ("USD", "$", "United States dollar", 1.25)]
    {
        maker.make(
            "res.currency",
            [
                ("name", Value::str(code)),
                ("symbol", Value::str(symbol)),
                ("full_name", Value::str(name)),
                ("rate", Value::Float(rate)),
                ("rounding", Value::Float(0.01)),
                ("decimal_places", Value::Int(2)),
            ],
        );
    }
    for (kind, label) in [("purchase", "purchases"), ("sale", "sales")] {
        for (at, (name, amount)) in TAXES.iter().enumerate() {
            maker.make(
                "account.tax",
                [
                    ("name", Value::str(*name)),
                    ("type_tax_use", Value::str(kind)),
                    ("amount_type", Value::str("percent")),
                    ("amount", Value::Float(*amount)),
                    ("description", Value::Str(format!("{name} on {label}"))),
                    ("sequence", Value::Int(i64::try_from(at).unwrap_or_default() + 1)),
                ],
            );
        }
    }
    let (piece, mile) = (
        maker.make("uom.uom", [("name", Value::str("Units"))]),
        maker.make("uom.uom", [("name", Value::str("mi"))]),
    );
    for (code, name, cost, tax) in CATEGORIES {
        let tax = i64::try_from(tax).unwrap_or_default() + 1;
        let link = Value::List(vec![Value::List(vec![Value::Int(6), Value::Int(0), Value::ids([tax])])]);
        maker.make(
            "product.product",
            [
                ("name", Value::str(name)),
                ("default_code", Value::str(code)),
                ("standard_price", Value::Float(cost)),
                ("can_be_expensed", Value::TRUE),
                ("uom_id", Value::Int(if cost > 0.0 { mile } else { piece })),
                ("supplier_taxes_id", link),
            ],
        );
    }
    // Something that is bought and not claimed.
    maker.make("product.product", [("name", Value::str("Road salt")), ("default_code", Value::str("SALT"))]);
    centres(maker);
}

fn centres(maker: &mut Maker<'_>) {
    let plan = maker.make("account.analytic.plan", [("name", Value::str("Cost centres"))]);
    for (at, department) in DEPARTMENTS.iter().enumerate() {
        maker.make(
            "account.analytic.account",
            [
                ("name", Value::str(*department)),
                ("code", Value::Str(format!("CC{}", 1_000 + at * 100))),
                ("plan_id", Value::Int(plan)),
            ],
        );
    }
    let plan = maker.make("account.analytic.plan", [("name", Value::str("Projects"))]);
    for (at, name) in PROJECTS.iter().enumerate() {
        let account = maker.make(
            "account.analytic.account",
            [
                ("name", Value::str(*name)),
                ("code", Value::Str(format!("P{:04}", 2_601 + at))),
                ("plan_id", Value::Int(plan)),
            ],
        );
        let project = maker.make(
            "project.project",
            [
                ("name", Value::str(*name)),
                ("sequence", Value::Int(10)),
                ("company_id", Value::Int(1)),
                // The last one is over.
                ("active", Value::Bool(at + 1 < PROJECTS.len())),
            ],
        );
        maker.set("project.project", project, [("account_id", Value::Int(account))]);
    }
    if maker.env.db.version == Version::V17 {
        maker.env.db.registry.rename("project.project", "account_id", Some("analytic_account_id"));
    }
}
