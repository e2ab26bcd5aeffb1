//! Expense categories: `addons/hr_expense/models/product_product.py`.

use crate::database::Database;
use crate::orm::Who;
use crate::value::Value;

/// Whether an expense has a quantity and a price, not just an amount.
pub(crate) fn has_cost(db: &Database, _: &Who, id: i64) -> Value {
    Value::Bool(db.get("product.product", id, "standard_price").truthy())
}
