//! Money, in ISO 4217 terms: an exact decimal and a currency, never a binary fraction.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// An amount in a currency. Written as `{"amount": "1234.56", "currency": "GBP"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Money {
    /// A decimal number as text, with as many places as the system gave. A number without quotes is refused: a JSON
    /// reader may round it.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = String, pattern = r"^-?\d{1,20}(\.\d{1,8})?$")]
    pub amount: Decimal,
    /// ISO 4217 alphabetic code.
    pub currency: Currency,
}

/// An ISO 4217 alphabetic code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Z]{3}$")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Takes a code. `None` unless it is three capital letters of ASCII.
    pub fn new(code: &str) -> Option<Self> {
        let octets: [u8; 3] = code.as_bytes().try_into().ok()?;
        octets.iter().all(u8::is_ascii_uppercase).then_some(Self(octets))
    }

    /// Decimal places that an amount has at most (ISO 4217, minor units): 2 for most, 0 for the yen, 3 for the dinar.
    pub fn places(&self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
            | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        // Only capital letters of ASCII come in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::new(&code)
            .ok_or_else(|| serde::de::Error::custom("a currency is three capital letters, such as GBP"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_text_both_ways() {
        let written = r#"{"amount":"33.340","currency":"GBP"}"#;
        let money: Money = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&money).unwrap(), written);
    }

    #[test]
    fn numbers_and_other_currencies_are_refused() {
        for bad in [
            r#"{"amount":33.34,"currency":"GBP"}"#,
            r#"{"amount":"33.34","currency":"gbp"}"#,
            r#"{"amount":"33.34","currency":"POUND"}"#,
            r#"{"amount":"33,34","currency":"GBP"}"#,
            r#"{"amount":"33.34"}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }
}
