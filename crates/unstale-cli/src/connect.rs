//! From the command line to an operator who has found the namespace.

use unstale::Config;
use unstale::operate::{NamespaceReport, Operator};

use crate::arguments::Target;
use crate::failure::Failure;
use crate::settings;

/// An operator, and where he looks.
pub(crate) struct Place {
    pub(crate) config: Config,
    pub(crate) operator: Operator,
}

impl Place {
    pub(crate) async fn find(target: &Target) -> Result<Self, Failure> {
        let config = settings::read(target)?;
        let operator = Operator::connect(&config).await?;
        Ok(Self { config, operator })
    }

    pub(crate) fn namespace(&self) -> &str {
        self.config.redis.namespace()
    }

    /// How the namespace stands. That there is none is a failure, because a name may be misspelt.
    pub(crate) async fn report(&self) -> Result<NamespaceReport, Failure> {
        let report = self.operator.namespace().await?;
        report.ok_or_else(|| Failure::NoNamespace {
            namespace: self.namespace().to_owned(),
            endpoint: self.operator.endpoint().to_owned(),
        })
    }
}
