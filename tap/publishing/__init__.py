"""Publish the template: product versions in Service Catalog, and stack sets in many accounts and regions."""
