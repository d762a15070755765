"""infra/ without a Bicep compiler: every name, type, role, setting and version against what it must agree with."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from devhost.package import PYTHON
from shared.model.identity import Role
from shared.settings import Settings, load_settings
from tests.support.arm_types import excerpt, problems
from tests.support.bicep import INFRA, Bicep, bicep_files, body
from tests.support.deployed import ROOT

FILES = bicep_files()
MAIN = Bicep(INFRA / "main.bicep")
APP = Bicep(INFRA / "modules/app.bicep")
HOST_SETTINGS = {
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
}
# Azure built-in roles documentation.
BUILT_IN = {
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.path.relative_to(INFRA)))


@every_file
def test_a_file_uses_only_what_it_declares_and_declares_only_what_it_uses(file: Bicep) -> None:
    assert file.parsed
    assert file.undeclared() == set()
    unused = [name for name in file.parameters if len(re.findall(rf"\b{name}\b", file.text)) < 2]
    assert unused == []


@every_file
def test_each_resource_has_the_properties_that_azure_documents(file: Bicep) -> None:
    symbols = {*file.parameters, *file.parsed.get("variables", {}), *file.resources}
    for symbol, resource in file.resources.items():
        name = f"{resource['type']}@{resource['api_version']}"
        if not resource["existing"]:
            assert (symbol, list(problems(name, body(resource), symbols))) == (symbol, [])


@every_file
def test_each_property_that_is_read_is_an_output_or_documented(file: Bicep) -> None:
    for symbol, path in file.references():
        kind, *names = path.split(".")
        if kind == "outputs":
            module = Bicep(file.path.parent / file.modules[symbol]["detail"]["path"])
            assert names[0] in module.outputs
            continue
        resource = file.resources[symbol]
        known: Any = excerpt()[f"{resource['type']}@{resource['api_version']}"]
        for name in ("properties", *names):
            assert name in known, f"{symbol}.{path}"
            known = known[name].get("opened", {})


def test_a_typing_mistake_would_be_found() -> None:
    site = {**body(APP.resources["site"]), "httpsOnly": True, "identity": {"type": "UserAssignd"}}
    del site["location"]
    site["properties"] = {"functionAppConfig": {"runtme": {}}, "state": "Running"}
    assert list(problems("Microsoft.Web/sites@2024-04-01", site, set())) == [
        "location is required",
        "identity.type is UserAssignd, "
        "none of ['None', 'SystemAssigned', 'SystemAssigned, UserAssigned', 'UserAssigned']",
        "properties.functionAppConfig.runtme does not exist",
        "properties.state is read-only",
        "httpsOnly does not exist",
    ]


def test_each_module_gets_the_parameters_that_it_takes() -> None:
    assert MAIN.modules
    for module in MAIN.modules.values():
        declared = Bicep(INFRA / module["detail"]["path"]).parameters
        given = body(module).get("params", {})
        required = {name for name, about in declared.items() if about["default"] is None}
        assert required <= set(given) <= set(declared)


def test_azd_asks_for_what_has_no_default_and_takes_the_rest_from_its_environment() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    assert set(given) == set(MAIN.parameters) - {"newSigningKey"}
    asked = {name for name, about in MAIN.parameters.items() if about["default"] is None}
    assert asked == {"environmentName", "location", "watchedSubscriptions", "chatWebhookUrl", "approver"}
    for about in given.values():
        assert re.fullmatch(r"\$\{[A-Z_]+\}", about["value"])


def test_the_roles_come_from_the_files_for_az_and_have_no_other_source() -> None:
    assert set(re.findall(r"loadJsonContent\('(.+?)'\)", MAIN.text)) == {"roles/detector.json", "roles/remediator.json"}
    members = set(re.findall(r"(?:detector|remediator)Actions\.(\w+)", MAIN.text))
    for name in ("detector", "remediator"):
        role = json.loads((INFRA / "roles" / f"{name}.json").read_text(encoding="utf-8"))
        assert members <= role.keys()
        assert not [file for file in FILES if role["Actions"][0] in file.text]


@every_file
def test_each_built_in_role_has_the_name_that_its_comment_or_variable_says(file: Bicep) -> None:
    for role_id in re.findall(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'", file.text):
        line = next(line for line in file.text.splitlines() if role_id in line)
        assert BUILT_IN[role_id].replace(" ", "").lower() in line.replace(" ", "").lower()


def test_the_app_gets_settings_that_exist_and_starts_with_them() -> None:
    settings = APP.parsed["variables"]["settings"]["value"]
    known = {field.alias for field in Settings.model_fields.values()}
    assert set(settings) <= known | HOST_SETTINGS
    assert set(settings) >= HOST_SETTINGS | {"AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__clientId"}
    filled = {
        **{name: str(value) for name, value in settings.items() if isinstance(value, str)},
        "AzureWebJobsStorage__tableServiceUri": "https://a.table.core.windows.net/",
        "SUBSCRIPTIONS": "s",
        "METRICS_MODE": "arm",
        "PUBLIC_BASE_URL": "https://bot.azurewebsites.net",
        "REMEDIATION": "off",
        "ENTRA_TENANT_ID": "99999999-9999-4999-8999-999999999999",
        "ENTRA_CLIENT_ID": "",
        "SIGNING_KEYS": "k" * 72,
        "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x",
        "TEAMS_WEBHOOK_URL": "",
    }
    started = load_settings(filled)
    assert (started.watch_schedule, started.queue_prefix, started.approval_mode) == ("0 * * * * *", "snatbot", "signin")
    assert not started.is_remediation_on


def test_secrets_are_references_to_the_vault_and_never_outputs() -> None:
    settings = APP.parsed["variables"]["settings"]["value"]
    secret = {"SIGNING_KEYS", "SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL"}
    for name in secret:
        assert "@Microsoft.KeyVault(SecretUri=" in json.dumps(settings[name])
    for file in FILES:
        secure = {name for name, about in file.parameters.items() if {"type": "secure"} in about["decorators"]}
        assert not [out for out in file.outputs.values() if secure & set(re.findall(r"\w+", json.dumps(out)))]
    assert {name for name, about in MAIN.parameters.items() if {"type": "secure"} in about["decorators"]} == {
        "chatWebhookUrl",
        "newSigningKey",
    }
    keys = Bicep(INFRA / "modules/vault.bicep").resources["signingKeys"]
    assert {"type": "onlyIfNotExists"} in keys["decorators"]  # otherwise each deployment would end all links


def test_the_plan_is_flex_consumption_with_the_python_that_the_package_is_built_for() -> None:
    assert body(APP.resources["plan"])["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    config = body(APP.resources["site"])["properties"]["functionAppConfig"]
    assert config["runtime"] == {"name": "python", "version": PYTHON}
    assert config["deployment"]["storage"]["authentication"]["type"] == "UserAssignedIdentity"


def test_nothing_may_be_changed_unless_the_owner_says_so_and_storage_has_no_usable_keys() -> None:
    assert MAIN.parameters["remediation"]["default"] == "off"
    assert MAIN.parameters["remediatorGroups"]["default"] == ""
    account = body(Bicep(INFRA / "modules/storage.bicep").resources["account"])["properties"]
    assert (account["allowSharedKeyAccess"], account["allowBlobPublicAccess"]) == (False, False)


def test_the_dead_mans_alert_queries_what_the_manual_shows() -> None:
    criteria = body(Bicep(INFRA / "modules/monitoring.bicep").resources["silent"])["properties"]["criteria"]
    (condition,) = criteria["allOf"]
    shown = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    assert condition["query"] in shown
    assert (condition["operator"], condition["threshold"]) == ("LessThan", 1)


def test_azd_deploys_the_built_package_as_it_is() -> None:
    (service,) = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["services"].items()
    name, about = service
    assert f"'azd-service-name': '{name}'" in APP.text
    assert (about["host"], about["language"], about["remoteBuild"]) == ("function", "python", False)
    assert about["dist"] == "dist/package"
    assert about["hooks"]["prepackage"]["run"] == "make package"


def test_the_manual_names_options_outputs_and_roles_that_exist() -> None:
    manual = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    variables = {about["value"].strip("${}") for about in parameters.values()}
    assert set(re.findall(r"azd env set (\w+)", manual)) - {"NAME"} <= variables
    options = manual.partition("## Options")[2].partition("\n\nA further secret")[0]
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+|APPROVER|REMEDIATION)`[,| ]", options)) - {
        "NAT_RESOURCE_GROUP"
    } == variables - {
        "AZURE_ENV_NAME",
        "AZURE_LOCATION",
    }
    for name in ("README.md", "docs/install.md", "docs/operating.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = set(re.findall(r"\$((?:SNATBOT|AZURE)_\w+)", text)) - {"AZURE_SUBSCRIPTION_ID"}  # azd's own
        assert named
        assert named <= set(MAIN.outputs)
        assert "code=<" not in text  # a key belongs into a header: addresses are logged
    roles = json.loads((INFRA / "app-roles.json").read_text(encoding="utf-8"))
    assert {role["value"] for role in roles} == {role.value for role in Role}
    assert next(role["id"] for role in roles if role["value"] == "Snat.Approve") in manual
