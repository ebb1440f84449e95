"""Permissions to deploy a stack, and the boundary of its roles: tables, and IAM statements generated from them.

    names = Names(prefix="tap-", application=application.ref(), boundary=boundary.ref())
    groups = split(execution(types, names))  # lists of awacs Statements, each fits a managed policy
    for number, statements in enumerate(groups, 1):
        t.add_resource(ManagedPolicy(f"ExecutionPolicy{number}", Path=…, PolicyDocument=policy(*statements)))
    t.add_resource(ManagedPolicy("Boundary", Path=…, PolicyDocument=policy(*boundary(names))))

`types` are resource types, for example those of `build()`: `{each.resource_type for each in
build().resources.values()}`; one without an entry in `actions.toml` raises LookupError. `prefix` is literal text:
physical names begin with their stack's name, which S3 and RDS convert to lowercase. A product that Service Catalog
launches is a stack named SC-<account>-pp-<id>: prefix "SC-". A role that must not change itself needs a path, such as
/bootstrap/, or a name without the prefix. A role can have ten managed policies.
"""

from tap.permissions.statements import (
    MANAGED_POLICY_LIMIT,
    NARROWED,
    Names,
    boundary,
    execution,
    keep_artifacts,
    size,
    split,
)

__all__ = ["MANAGED_POLICY_LIMIT", "NARROWED", "Names", "boundary", "execution", "keep_artifacts", "size", "split"]
