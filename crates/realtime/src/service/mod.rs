//! What more than a controller's few lines stands behind.

mod inventory;
mod stock_prices;

pub(crate) use inventory::InventoryService;
pub(crate) use stock_prices::StockPriceService;
