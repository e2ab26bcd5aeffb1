//! Purchase orders, as far as they were recorded.

use super::{COMPANY, default, money};
use crate::error::Error;
use crate::orm::{Arguments, Env, write};
use crate::value::Value;

const MODEL: &str = "purchase.order";
const LINE: &str = "purchase.order.line";

pub(super) fn defaults(env: &mut Env<'_>, values: &mut Vec<(String, Value)>) {
    let number = env.db.len(MODEL) + 1;
    default(values, "name", Value::Str(format!("P{number:05}")));
    default(values, "state", Value::str("draft"));
    default(
        values,
        "date_order",
        Value::Str(env.now().as_str().unwrap_or_default().chars().take(19).collect()),
    );
    default(values, "currency_id", env.db.get("res.company", COMPANY, "currency_id").clone());
}

/// Prices have two decimals ("Product Price"), so do amounts.
pub(super) fn recompute(env: &mut Env<'_>, model: &str, id: i64) {
    if model == LINE {
        let number = |key| money::exact(env.db.get(LINE, id, key).as_float().unwrap_or_default());
        let price = money::to_cents(number("price_unit"));
        let subtotal = money::to_cents(price * number("product_qty"));
        env.db.set(LINE, id, "price_unit", Value::Float(money::float(price)));
        env.db.set(LINE, id, "price_subtotal", Value::Float(money::float(subtotal)));
    }
    let order = if model == LINE { env.db.link(LINE, id, "order_id") } else { Some(id) };
    let Some(order) = order else { return };
    let lines = env.db.having(LINE, "order_id", order).into_iter();
    let sum = lines
        .map(|line| money::exact(env.db.get(LINE, line, "price_subtotal").as_float().unwrap_or_default()));
    let sum = money::float(sum.sum());
    write::store(env, MODEL, order, "amount_untaxed", Value::Float(sum));
    write::store(env, MODEL, order, "amount_total", Value::Float(sum));
}

pub(super) fn unlinking(env: &mut Env<'_>, ids: &[i64]) -> Result<(), Error> {
    if ids.iter().any(|id| env.db.text(MODEL, *id, "state") != "cancel") {
        return Err(Error::user("In order to delete a purchase order, you must cancel it first."));
    }
    for line in ids.iter().flat_map(|id| env.db.having(LINE, "order_id", *id)).collect::<Vec<_>>() {
        env.db.remove(LINE, line);
    }
    Ok(())
}

pub(super) fn call(
    env: &mut Env<'_>,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    let (values, result) = match method {
        "button_confirm" => {
            let now = env.now();
            (Value::map([("state", Value::str("purchase")), ("date_approve", now)]), Value::TRUE)
        }
        // Returns nothing.
        "button_cancel" => (Value::map([("state", Value::str("cancel"))]), Value::None),
        _ => return None,
    };
    let ids = arguments.ids();
    Some(write::by_key(env, MODEL, &ids, &values).map(|()| result))
}
