use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Invalid;

/// An exact amount of money: 0.0001 to 1,000,000,000 with at most four decimals.
///
/// In JSON it is a bare number, written digit by digit from the decimal so that no binary fraction
/// ever rounds it. A database that has no decimals keeps it as a whole number of ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = f64, example = 39.81, minimum = 0.0001, maximum = 1_000_000_000.0)]
pub(crate) struct Price(Decimal);

const DECIMALS: u32 = 4;
const UNITS_PER_ONE: i64 = 10_000;
const MAX_UNITS: i64 = 1_000_000_000 * UNITS_PER_ONE;

impl Price {
    pub(crate) fn new(amount: Decimal) -> Result<Self, Invalid> {
        let amount = amount.normalize();
        let units = amount
            .checked_mul(Decimal::from(UNITS_PER_ONE))
            .filter(Decimal::is_integer);
        match units.and_then(|units| units.to_i64()) {
            Some(1..=MAX_UNITS) => Ok(Self(amount)),
            _ => Err(out_of_range(amount)),
        }
    }

    /// The price of so many ten-thousandths.
    pub(crate) fn from_units(units: i64) -> Self {
        Self(Decimal::new(units, DECIMALS).normalize())
    }

    pub(crate) fn amount(self) -> Decimal {
        self.0
    }

    pub(crate) fn units(self) -> i64 {
        // In range by construction, so the product is exact and fits.
        (self.0 * Decimal::from(UNITS_PER_ONE))
            .to_i64()
            .unwrap_or(MAX_UNITS)
    }
}

fn out_of_range(given: impl fmt::Display) -> Invalid {
    Invalid::new(
        "price",
        format!(
            "must be a price between 0.0001 and 1000000000 with at most 4 decimals, but is {given}."
        ),
    )
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Price {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let amount = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        Self::new(amount.map_err(|_| out_of_range(text))?)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            RawValue::from_string(self.to_string())
                .map_err(ser::Error::custom)?
                .serialize(serializer)
        } else {
            serializer.serialize_i64(self.units())
        }
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let json = Box::<RawValue>::deserialize(deserializer)?;
            // ASP.NET accepts a number that comes as a string, so this service does too.
            let digits = json.get().trim_matches('"');
            digits
                .parse()
                .map_err(|invalid: Invalid| de::Error::custom(invalid.rule))
        } else {
            i64::deserialize(deserializer).map(Self::from_units)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_digit() {
        for text in ["39.81", "0.0001", "1000000000", "999999999.9999", "100"] {
            let price: Price = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&price).unwrap(), text);
            assert_eq!(Price::from_units(price.units()), price);
        }
        assert_eq!(
            serde_json::from_str::<Price>("\"28.370\"").unwrap(),
            "28.37".parse().unwrap()
        );
        assert_eq!(
            serde_json::from_str::<Price>("1e2").unwrap(),
            "100".parse().unwrap()
        );
    }

    #[test]
    fn outside_the_range_is_refused_with_the_range() {
        for text in [
            "0",
            "-3",
            "0.00001",
            "1000000000.0001",
            "79228162514264337593543950335",
            "true",
            "\"cheap\"",
            "{}",
        ] {
            let error = serde_json::from_str::<Price>(text).unwrap_err().to_string();
            assert!(
                error.contains("must be a price between 0.0001 and 1000000000"),
                "{text}: {error}"
            );
        }
    }
}
