use crate::directory::Directory;
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{CallContext, Error, Handler};
impl Handler<CheckSystem> for Directory {
    async fn handle(&self, context: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        let _ = context;
        Ok(CheckReport::default())
    }
}
