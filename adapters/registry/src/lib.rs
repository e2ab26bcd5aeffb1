//! The adapters that come with Portico: the explicit list, so that the linker cannot lose one.

use portico_contract::AdapterKind;

/// Every adapter kind, by name.
pub fn kinds() -> &'static [&'static AdapterKind] {
    &[]
}
