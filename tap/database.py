"""The database tier: an encrypted Aurora PostgreSQL cluster in the isolated subnets, its key and its log."""

from typing import Any, NamedTuple

from awacs import kms, rds_db, secretsmanager
from awacs.aws import Condition, Statement, StringEquals
from awacs.logs import (
    CreateLogGroup,
    CreateLogStream,
    DescribeLogStreams,
    GetLogEvents,
    PutLogEvents,
    PutRetentionPolicy,
)
from troposphere import AWSHelperFn, AWSObject, Equals, If, Not, Parameter, Select, Split, Sub, Template
from troposphere.ec2 import SecurityGroup
from troposphere.kms import Key
from troposphere.rds import (
    DBCluster,
    DBClusterParameterGroup,
    DBInstance,
    DBSubnetGroup,
    MasterUserSecret,
    ServerlessV2ScalingConfiguration,
)

from tap.keys import add_key
from tap.logs import Logs
from tap.network import Network, add_security_group
from tap.parts import NO_VALUE, add_export, add_parameter, add_role, add_switch, allow, of_this_account, only_if
from tap.whole_numbers import add_whole_number, whole_numbers

ENGINE = "aurora-postgresql"
PORT = 5432
# Database user for IAM authentication, which a migration creates.
IAM_USER = "app"


class Database(NamedTuple):
    """The parts of the database tier that other tiers use."""

    cluster: DBCluster
    writer: DBInstance
    security_group: SecurityGroup
    key: Key
    name: AWSHelperFn
    reader: AWSHelperFn
    """A reference to the reader; `AWS::NoValue` without one."""
    is_serverless: str
    has_reader: str
    most_connections: AWSHelperFn

    @property
    def secret_arn(self) -> AWSHelperFn:
        """ARN of the secret that RDS creates and rotates: JSON with `username` and `password`."""
        return self.cluster.get_att("MasterUserSecret.SecretArn")

    def read_secret(self) -> tuple[Statement, Statement]:
        """Return the permissions to read the secret, which the database's key encrypts."""
        return (
            allow([secretsmanager.GetSecretValue], self.secret_arn),
            allow([kms.Decrypt], self.key.get_att("Arn"), condition=Condition(StringEquals({
                "kms:ViaService": Sub("secretsmanager.${AWS::Region}.amazonaws.com")}))),
        )

    def connect(self) -> Statement:
        """Return the permission to log in with an IAM token instead of a password.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
        """
        return allow([rds_db.connect], Sub(
            "arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:"
            f"dbuser:${{{self.cluster.title}.DBClusterResourceId}}/{IAM_USER}"))


def _add_capacity(t: Template, label: str, title: str, default: str, low: int, description: str) -> Parameter:
    return add_parameter(t, "Database", label, Parameter(
        title, Type="String", Default=default, AllowedPattern=rf"({whole_numbers(low, 255)})(\.5)?|256",
        ConstraintDescription=f"must be a number from {low} to 256, in steps of 0.5", Description=description))


def add_database(t: Template, logs: Logs, network: Network, has_deletion_protection: str) -> Database:
    """Add the key, the cluster with its secret, a writer and, if DatabaseReader is true, a reader."""
    version = add_parameter(t, "Database", "Engine version", Parameter(
        "DatabaseEngineVersion", Type="String", Default="17.9", AllowedPattern=r"1[6-8]\.\d{1,2}",
        ConstraintDescription="must be a version of 16, 17 or 18, such as 17.9",
        Description="Version of Aurora PostgreSQL."))
    name = add_parameter(t, "Database", "Database name", Parameter(
        "DatabaseName", Type="String", Default="transactions", AllowedPattern="[a-z][a-z0-9_]{0,62}",
        ConstraintDescription="must start with a lowercase letter and contain only lowercase letters, digits and "
                              "underscores",
        Description="Name of the database in the cluster. A change replaces the cluster."))
    instance_class = add_parameter(t, "Database", "Instance class", Parameter(
        "DatabaseInstanceClass", Type="String", Default="db.t4g.medium",
        AllowedPattern=r"db\.(serverless|[a-z0-9]+\.[a-z0-9]+)",
        ConstraintDescription="must be db.serverless or a class such as db.t4g.medium",
        Description="Instance class of writer and reader. db.serverless is Aurora Serverless v2."))
    min_capacity = _add_capacity(
        t, "Minimum capacity", "DatabaseMinCapacity", "0.5", 0,
        "Minimum ACUs for db.serverless, in steps of 0.5. 0 pauses the instance after five idle minutes.")
    max_capacity = _add_capacity(
        t, "Maximum capacity", "DatabaseMaxCapacity", "4", 1,
        "Maximum ACUs for db.serverless, in steps of 0.5; at least DatabaseMinCapacity.")
    retention = add_whole_number(
        t, "Database", "Backup retention", "DatabaseBackupRetentionDays", 7, 7, 35,
        "Days to keep automated backups.")
    has_reader = add_switch(
        t, "Database", "Reader", "DatabaseReaderInstance", "true",
        "Add a reader, which takes over when the writer fails.")
    most_connections = add_whole_number(
        t, "Database", "Connections", "DatabaseConnectionsLimit", 300, 1, 16000,
        "Connection count per instance that triggers the alarm.")
    monitoring = add_parameter(t, "Database", "Monitoring interval", Parameter(
        "DatabaseMonitoringInterval", Type="String", Default="60",
        AllowedValues=["0", "1", "5", "10", "15", "30", "60"],
        Description="Seconds between Enhanced Monitoring measurements of the instances' operating system; 0 for none."))
    has_audit = add_switch(
        t, "Database", "Audit", "DatabaseAudit", "true",
        "Log changes to schema, roles and privileges with pgaudit. A change takes effect when the instances restart.")
    snapshot = add_parameter(t, "Database", "Snapshot", Parameter(
        "DatabaseSnapshot", Type="String", Default="",
        AllowedPattern=r"((arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:)?"
                       r"(rds:|awsbackup:)?[A-Za-z][A-Za-z0-9-]{0,244})?",
        ConstraintDescription="must be the name or ARN of a DB cluster snapshot, or empty",
        Description="Encrypted cluster snapshot to restore the database from; empty for a new database. Keep the value "
                    "for as long as the stack exists: a change replaces the database."))
    has_snapshot = t.add_condition("HasDatabaseSnapshot", Not(Equals(snapshot.ref(), "")))
    has_monitoring = t.add_condition("HasDatabaseMonitoring", Not(Equals(monitoring.ref(), "0")))
    is_serverless = t.add_condition("IsDatabaseServerless", Equals(instance_class.ref(), "db.serverless"))

    key = add_key(t, "Database")
    subnet_group = t.add_resource(DBSubnetGroup(
        "DatabaseSubnetGroup", DBSubnetGroupDescription="Isolated subnets",
        SubnetIds=network.database_subnets))
    security_group = add_security_group(t, "Database", network.vpc, "Database")
    parameter_group = t.add_resource(DBClusterParameterGroup(
        # No log_statement, which logs the passwords of CREATE ROLE and ALTER ROLE in plain text, and no
        # log_min_duration_statement, which logs the values in slow statements: use Performance Insights for these.
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_LogAccess.Concepts.PostgreSQL.Query_Logging.html
        # https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-PARAMETER-MAX-LENGTH
        "DatabaseParameterGroup", Description="TLS only",
        Family=Sub(f"{ENGINE}${{Major}}", Major=Select(0, Split(".", version.ref()))),
        Parameters={
            "rds.force_ssl": "1",
            # Replaces Aurora's default, pg_stat_statements alone. pgaudit redacts the passwords of CREATE ROLE and
            # ALTER ROLE and omits parameter values.
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Appendix.PostgreSQL.CommonDBATasks.pgaudit.html
            # https://github.com/pgaudit/pgaudit/blob/main/pgaudit.c (TOKEN_REDACTED, auditLogParameter)
            "shared_preload_libraries": only_if(has_audit, "pg_stat_statements,pgaudit"),
            "pgaudit.log": only_if(has_audit, "ddl,role")}))
    cluster = t.add_resource(DBCluster(
        "DatabaseCluster", DeletionPolicy="Snapshot", UpdateReplacePolicy="Snapshot",
        Engine=ENGINE, EngineVersion=version.ref(), Port=PORT,
        # A snapshot brings its own database name, user and encryption; the key may differ from the snapshot's.
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html
        SnapshotIdentifier=only_if(has_snapshot, snapshot.ref()),
        DatabaseName=If(has_snapshot, NO_VALUE, name.ref()),
        MasterUsername=If(has_snapshot, NO_VALUE, "tapadmin"), ManageMasterUserPassword=True,
        MasterUserSecret=MasterUserSecret(KmsKeyId=key.get_att("Arn")),
        EnableIAMDatabaseAuthentication=True,
        DBSubnetGroupName=subnet_group.ref(), VpcSecurityGroupIds=[security_group.get_att("GroupId")],
        DBClusterParameterGroupName=parameter_group.ref(),
        StorageEncrypted=If(has_snapshot, NO_VALUE, True), KmsKeyId=key.get_att("Arn"),
        BackupRetentionPeriod=retention.ref(), CopyTagsToSnapshot=True,
        DeletionProtection=If(has_deletion_protection, True, False), EnableCloudwatchLogsExports=["postgresql"],
        ServerlessV2ScalingConfiguration=only_if(is_serverless, ServerlessV2ScalingConfiguration(
            MinCapacity=min_capacity.ref(), MaxCapacity=max_capacity.ref()))))

    # Created under the name that the database writes to; otherwise RDS would create it without a retention period.
    log_group = logs.add_group(
        "DatabaseLogGroup", LogGroupName=Sub(f"/aws/rds/cluster/${{{cluster.title}}}/postgresql"))
    monitoring_role = add_role(
        t, "DatabaseMonitoring", "monitoring.rds.amazonaws.com",
        # The permissions of AWS's managed policy, limited to the one log group that RDS uses for all databases of a
        # region. RDS creates the group with this role and rejects a role that may not.
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html
        allow([CreateLogGroup, CreateLogStream, DescribeLogStreams, GetLogEvents, PutLogEvents, PutRetentionPolicy],
              Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:RDSOSMetrics*")),
        condition=has_monitoring, trust_condition=of_this_account())

    def add_instance(title: str, depends_on: AWSObject, **attributes: Any) -> DBInstance:
        return t.add_resource(DBInstance(
            title, DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
            Engine=ENGINE, DBClusterIdentifier=cluster.ref(), DBInstanceClass=instance_class.ref(),
            PubliclyAccessible=False, AutoMinorVersionUpgrade=True,
            EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId=key.get_att("Arn"),
            MonitoringInterval=monitoring.ref(),
            MonitoringRoleArn=only_if(has_monitoring, monitoring_role.get_att("Arn")),
            DependsOn=depends_on, **attributes))

    writer = add_instance("DatabaseWriter", log_group, PromotionTier=0)
    # Aurora makes the first instance of a cluster its writer.
    reader = add_instance("DatabaseReader", writer, PromotionTier=1, Condition=has_reader)

    add_export(t, "DatabaseEndpoint", "Aurora cluster endpoint", cluster.get_att("Endpoint.Address"),
               "db-endpoint")
    return Database(cluster, writer, security_group, key, name.ref(), only_if(has_reader, reader.ref()), is_serverless,
                    has_reader, most_connections.ref())
