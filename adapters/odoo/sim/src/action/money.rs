//! Amounts, exact.

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

/// The decimal number that a float was written as: its shortest digits.
pub(crate) fn exact(number: f64) -> Decimal {
    number.to_string().parse().unwrap_or_default()
}

/// Two decimals, half away from zero: `res.currency.round` with a rounding of 0.01. `odoo.tools.float_round` corrects for what a
/// float cannot hold, so that 33.335 becomes 33.34 and 1.005 becomes 1.01; exact decimals do the same.
pub(crate) fn to_cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// [`to_cents`] of a float.
pub(crate) fn round(number: f64) -> f64 {
    float(to_cents(exact(number)))
}

pub(crate) fn float(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or_default()
}

/// The taxes in an amount, where all of them are percentages of what is left without them.
pub(crate) fn included(total: Decimal, percentages: &[Decimal]) -> Decimal {
    let all: Decimal = percentages.iter().sum();
    let base = total / (Decimal::ONE + all / Decimal::ONE_HUNDRED);
    percentages.iter().map(|percentage| to_cents(base * percentage / Decimal::ONE_HUNDRED)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero_whatever_the_float_holds() {
        for (number, rounded) in [(33.335, 33.34), (1.005, 1.01), (2.675, 2.68), (-0.125, -0.13), (0.0, 0.0)]
        {
            assert_eq!(round(number).to_bits(), f64::to_bits(rounded), "{number}");
        }
    }

    #[test]
    fn taxes_are_inside_the_amount() {
        let cases = [
            ("120", vec!["20"], "20"),
            ("10.00", vec!["20"], "1.67"),
            ("105", vec!["5"], "5"),
            ("7", vec![], "0"),
        ];
        for (total, rates, tax) in cases {
            let rates: Vec<Decimal> = rates.iter().map(|rate| rate.parse().unwrap()).collect();
            assert_eq!(included(total.parse().unwrap(), &rates), tax.parse::<Decimal>().unwrap());
        }
    }
}
