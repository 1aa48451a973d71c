//! How values of the domain stand in each database.
//!
//! What is written is what is read, on each of them. SQLite has neither decimals nor times, so
//! prices are whole numbers of ten-thousandths there, and times are text in UTC, all of the same
//! length so that their order as text is that of time.

use rust_decimal::Decimal;
use sqlx::{Database, Decode, Encode, Postgres, Sqlite, Type, encode::IsNull, error::BoxDynError};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use uuid::Uuid;

use crate::domain::{Price, Timestamp};

/// A type that both goes into columns of a database and comes out of them.
pub(crate) trait Column<DB: Database>:
    Type<DB> + for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB>
{
}

impl<DB: Database, T> Column<DB> for T where
    T: Type<DB> + for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB>
{
}

/// The key of a document's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct DocumentKey(pub(super) Uuid);

/// Has a type stand in a database's columns as another one, which the driver knows.
macro_rules! column {
    ($domain:ty as $column:ty, in $database:ty, $written:expr, $read:expr) => {
        impl Type<$database> for $domain {
            fn type_info() -> <$database as Database>::TypeInfo {
                <$column as Type<$database>>::type_info()
            }

            fn compatible(info: &<$database as Database>::TypeInfo) -> bool {
                <$column as Type<$database>>::compatible(info)
            }
        }

        impl<'q> Encode<'q, $database> for $domain {
            fn encode_by_ref(
                &self,
                buffer: &mut <$database as Database>::ArgumentBuffer,
            ) -> Result<IsNull, BoxDynError> {
                let written: fn($domain) -> Result<$column, BoxDynError> = $written;
                Encode::<$database>::encode(written(*self)?, buffer)
            }
        }

        impl<'r> Decode<'r, $database> for $domain {
            fn decode(value: <$database as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
                let read: fn($column) -> Result<$domain, BoxDynError> = $read;
                read(<$column as Decode<'r, $database>>::decode(value)?)
            }
        }
    };
}

column!(Price as i64, in Sqlite, |price| Ok(price.units()), |units| Ok(Price::from_units(units)));
column!(Price as Decimal, in Postgres, |price| Ok(price.amount()), |amount| Ok(Price::new(amount)?));

const TEXT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

fn text(timestamp: Timestamp) -> Result<String, BoxDynError> {
    Ok(timestamp.utc().format(TEXT)?)
}

column!(
    Timestamp as String, in Sqlite,
    text,
    |text| Ok(text.parse()?)
);
column!(
    Timestamp as OffsetDateTime, in Postgres,
    |timestamp| Ok(timestamp.utc()),
    |moment| Ok(Timestamp::new(moment)?)
);

column!(
    DocumentKey as String, in Sqlite,
    |key| Ok(key.0.to_string()),
    |text| Ok(DocumentKey(text.parse()?))
);
column!(DocumentKey as Uuid, in Postgres, |key| Ok(key.0), |id| Ok(DocumentKey(id)));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_times_as_text_is_that_of_time() {
        let text = |moment: &str| text(moment.parse().unwrap()).unwrap();
        let texts = [
            "0000-01-01T00:00:00Z",
            "2024-01-15T09:00:00Z",
            "2024-01-15T09:00:00.05Z",
            "2024-01-15T09:00:00.5Z",
            "2024-01-15T09:00:00.500001Z",
            "2024-01-15T12:00:00+01:00",
        ]
        .map(text);
        assert!(texts.is_sorted(), "{texts:?}");
        for text in texts {
            let read: Timestamp = text.parse().unwrap();
            assert_eq!(super::text(read).unwrap(), text);
        }
    }
}
