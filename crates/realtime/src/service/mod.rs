//! What more than a controller's few lines stands behind.

mod inventory;

pub(crate) use inventory::InventoryService;
