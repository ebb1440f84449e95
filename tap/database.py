"""The database tier: an encrypted Aurora PostgreSQL cluster in the isolated subnets, and its key."""

from typing import Any, NamedTuple

from awacs import kms, secretsmanager
from awacs.aws import Action, Allow, Principal, Statement
from troposphere import AWSHelperFn, Equals, Parameter, Select, Split, Sub, Template
from troposphere.ec2 import SecurityGroup
from troposphere.kms import Alias, Key
from troposphere.rds import (
    DBCluster,
    DBClusterParameterGroup,
    DBInstance,
    DBSubnetGroup,
    MasterUserSecret,
    ServerlessV2ScalingConfiguration,
)

from tap.network import Network, add_security_group
from tap.parts import add_export, add_parameter, add_switch, allow, only_if, policy

ENGINE = "aurora-postgresql"
PORT = 5432


class Database(NamedTuple):
    """What the other tiers may use of the database."""

    cluster: DBCluster
    writer: DBInstance
    security_group: SecurityGroup
    key: Key
    name: AWSHelperFn

    @property
    def secret_arn(self) -> AWSHelperFn:
        """The ARN of the secret that RDS makes and rotates: JSON with `username` and `password`."""
        return self.cluster.get_att("MasterUserSecret.SecretArn")

    def read_secret(self) -> tuple[Statement, Statement]:
        """Return what a role needs to read the secret, which is under the database's key."""
        return (
            allow([secretsmanager.GetSecretValue], self.secret_arn),
            allow([kms.Decrypt], self.key.get_att("Arn")),
        )


def add_database(t: Template, network: Network) -> Database:
    """Add the key, the cluster with its secret, a writer and, by parameter, a reader."""
    version = add_parameter(t, "Database", "Engine version", Parameter(
        "DatabaseEngineVersion", Type="String", Default="17.9", AllowedPattern=r"1[6-8]\.\d{1,2}",
        ConstraintDescription="must be of 16, 17 or 18, such as 17.9",
        Description="Aurora PostgreSQL version."))
    name = add_parameter(t, "Database", "Database name", Parameter(
        "DatabaseName", Type="String", Default="transactions", AllowedPattern="[a-z][a-z0-9_]{0,62}",
        ConstraintDescription="must be lower-case letters, digits and underscores, a letter first",
        Description="Database in the cluster; a change replaces the cluster."))
    instance_class = add_parameter(t, "Database", "Instance class", Parameter(
        "DatabaseInstanceClass", Type="String", Default="db.t4g.medium",
        AllowedPattern=r"db\.(serverless|[a-z0-9]+\.[a-z0-9]+)",
        ConstraintDescription="must be db.serverless or a class such as db.t4g.medium",
        Description="Class of writer and reader; db.serverless is Aurora Serverless v2."))
    min_capacity = add_parameter(t, "Database", "Least capacity", Parameter(
        "DatabaseMinCapacity", Type="Number", Default=0.5, MinValue=0, MaxValue=256,
        Description="Least ACUs of db.serverless, by halves; at 0 it pauses after five idle minutes."))
    max_capacity = add_parameter(t, "Database", "Most capacity", Parameter(
        "DatabaseMaxCapacity", Type="Number", Default=4, MinValue=1, MaxValue=256,
        Description="Most ACUs of db.serverless, by halves."))
    retention = add_parameter(t, "Database", "Backup retention", Parameter(
        "DatabaseBackupRetentionDays", Type="Number", Default=7, MinValue=7, MaxValue=35,
        Description="Days for which automated backups are kept."))
    has_reader = add_switch(
        t, "Database", "Reader", "DatabaseReaderInstance", "true",
        "Add an instance that takes over when the writer fails.")
    is_serverless = t.add_condition("IsDatabaseServerless", Equals(instance_class.ref(), "db.serverless"))

    key = t.add_resource(Key(
        "DatabaseKey",
        # Kept with the stack's last snapshot, which nobody could read without it.
        DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        EnableKeyRotation=True,
        KeyPolicy=policy(Statement(
            Effect=Allow,
            Principal=Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
            # The account's IAM policies decide, as KMS recommends; in a key policy `*` is the key itself.
            # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
            Action=[Action("kms", "*")], Resource=["*"]))))
    t.add_resource(Alias(
        "DatabaseKeyAlias", AliasName=Sub("alias/${AWS::StackName}-database"), TargetKeyId=key.ref()))
    subnet_group = t.add_resource(DBSubnetGroup(
        "DatabaseSubnetGroup", DBSubnetGroupDescription="Isolated subnets",
        SubnetIds=[subnet.ref() for subnet in network.isolated_subnets]))
    security_group = add_security_group(t, "Database", network.vpc, "Database")
    parameter_group = t.add_resource(DBClusterParameterGroup(
        "DatabaseParameterGroup", Description="TLS only",
        Family=Sub(f"{ENGINE}${{Major}}", Major=Select(0, Split(".", version.ref()))),
        Parameters={"rds.force_ssl": "1"}))
    cluster = t.add_resource(DBCluster(
        "DatabaseCluster", DeletionPolicy="Snapshot", UpdateReplacePolicy="Snapshot",
        Engine=ENGINE, EngineVersion=version.ref(), DatabaseName=name.ref(), Port=PORT,
        MasterUsername="tapadmin", ManageMasterUserPassword=True,
        MasterUserSecret=MasterUserSecret(KmsKeyId=key.get_att("Arn")),
        EnableIAMDatabaseAuthentication=True,
        DBSubnetGroupName=subnet_group.ref(), VpcSecurityGroupIds=[security_group.get_att("GroupId")],
        DBClusterParameterGroupName=parameter_group.ref(),
        StorageEncrypted=True, KmsKeyId=key.get_att("Arn"),
        BackupRetentionPeriod=retention.ref(), CopyTagsToSnapshot=True,
        ServerlessV2ScalingConfiguration=only_if(is_serverless, ServerlessV2ScalingConfiguration(
            MinCapacity=min_capacity.ref(), MaxCapacity=max_capacity.ref()))))

    def add_instance(title: str, **attributes: Any) -> DBInstance:
        return t.add_resource(DBInstance(
            title, DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
            Engine=ENGINE, DBClusterIdentifier=cluster.ref(), DBInstanceClass=instance_class.ref(),
            PubliclyAccessible=False, AutoMinorVersionUpgrade=True, **attributes))

    writer = add_instance("DatabaseWriter", PromotionTier=0)
    # The first instance of a cluster becomes its writer.
    add_instance("DatabaseReader", PromotionTier=1, Condition=has_reader, DependsOn=writer)

    add_export(t, "DatabaseEndpoint", "Aurora cluster endpoint", cluster.get_att("Endpoint.Address"),
               "db-endpoint")
    return Database(cluster, writer, security_group, key, name.ref())
