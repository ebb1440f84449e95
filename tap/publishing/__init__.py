"""The product's versions in Service Catalog, and its stacks in many accounts and regions."""
