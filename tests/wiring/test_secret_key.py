"""E9406."""

import pytest

DECRYPT = "        - {Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}\n"
READ = "{Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref Secret}"
MEND = "Allow kms:Decrypt on the key in a policy of the role."
FINDING = f"E9406 `Task` → `Secret`: `ExecutionRole` lacks kms:Decrypt with the secret's key `Key`. {MEND}"


def test_a_task_whose_execution_role_may_not_decrypt_its_secret_is_found(found):
    assert found((DECRYPT, "")) == [FINDING]


def test_the_secret_that_rds_manages_is_one_too(found):
    secret = "ValueFrom: !Ref Secret", "ValueFrom: !Sub '${Database.MasterUserSecret.SecretArn}:password::'"
    managed = "ManageMasterUserPassword: true"
    key = managed, f"{managed}\n      MasterUserSecret: {{KmsKeyId: !Ref Key}}"
    read = READ, READ.replace("!Ref Secret", "!GetAtt Database.MasterUserSecret.SecretArn")
    assert found(secret, key, read, (DECRYPT, "")) == [FINDING.replace("`Secret`", "`Database`")]


def test_another_role_that_reads_the_secret_is_found(found):
    send = "{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt DeadLetters.Arn}]"
    assert found((send, f"{READ}, {send}")) == [
        f"E9406 `FunctionRole` → `Secret`: it lacks kms:Decrypt with the secret's key `Key`. {MEND}"]


@pytest.mark.parametrize("decrypt", [
    "        - {Effect: Allow, Action: 'kms:*', Resource: '*'}\n",
    "        - {Effect: Allow, Action: ['kms:Decrypt'], Resource: !Sub 'arn:aws:kms:*:${AWS::AccountId}:key/*'}\n",
    "        - {Effect: Allow, Action: 'kms:Decrypt', Resource: !Ref Image}\n",
])
def test_a_grant_in_whatever_form_is_enough(found, decrypt):
    assert found((DECRYPT, decrypt)) == []


@pytest.mark.parametrize("principal", ["!GetAtt ExecutionRole.Arn", "'*'", "!Ref Image"])
def test_a_grant_in_the_key_s_own_policy_is_enough(found, principal):
    grant = f"""
        - Effect: Allow
          Action: ['kms:Decrypt', 'kms:DescribeKey']
          Resource: '*'
          Principal: {{AWS: {principal}}}
  KeyAlias:"""
    assert found((DECRYPT, ""), ("\n  KeyAlias:", grant)) == []


@pytest.mark.parametrize("key", ["", ", KmsKeyId: !ImportValue key"])
def test_secrets_under_the_key_of_aws_or_another_template_are_not_judged(found, key):
    own = "GenerateSecretString: {}, KmsKeyId: !Ref Key"
    assert found((DECRYPT, ""), (own, "GenerateSecretString: {}" + key)) == []
