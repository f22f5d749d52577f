"""JSON Schema of the scenario file, for editors that complete and check while one types."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import lru_cache
from itertools import pairwise
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from simkit.scenario.load import WHOLE_STUDY
from simkit.scenario.schema import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CHANGE = {
    "type": "string",
    "pattern": r"^([+-][0-9.]+ ?%|x ?[0-9.]+|\+[0-9.]+)$",
    "description": "a change of the value below: -20%, x1.5, +2",
}
_FILE = {
    "type": "string",
    "pattern": r"\.(ya?ml|csv)$",
    "description": "a file beside the scenario that holds this table",
}
_SHORT = {"type": ["string", "number", "array", "object", "null"], "description": "a short form"}
_KEYWORDS = {
    "oneOf": "anyOf",  # a partial table may fit several of a union
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


class _FileFormat(GenerateJsonSchema):
    """The schema of what may be written, which is more than what a checked table holds."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        described = super().model_schema(schema)
        for kind in schema["cls"].__mro__:
            for name, text in _described(kind.__module__).get(kind.__name__, {}).items():
                if name in described.get("properties", {}):
                    described["properties"][name].setdefault("description", text)
        return described

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"anyOf": [super().int_schema(schema), dict(_CHANGE)]}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), dict(_CHANGE)]}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return inner if schema["schema"]["type"] == "model-fields" else {"anyOf": [inner, dict(_SHORT)]}


@lru_cache(maxsize=64)
def _described(module: str) -> dict[str, dict[str, str]]:
    """Class -> field -> the text below it. Read here, and not by pydantic, which would do it at every start."""
    if module.split(".")[0] in ("builtins", "pydantic"):
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {kind.name: _texts(kind.body) for kind in ast.walk(tree) if isinstance(kind, ast.ClassDef)}


def _texts(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for field, below in pairwise(body):
        text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else None
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, str):
            found[field.target.id] = inspect.cleandoc(text)
    return found


def file_schema(scenario: type[Scenario] = Scenario) -> dict[str, Any]:
    """JSON Schema (2020-12) of a scenario file, with `extends`, `alternatives` and all short forms.

    `scenario` is an extension's `scenario_class`, for a schema with its section of parameters.
    No key is required: a file may extend another, and an alternative says only what differs.
    """
    schema = _as_written(scenario.model_json_schema(schema_generator=_FileFormat))
    tables = {name: _with_files(table) for name, table in schema.pop("$defs").items()}
    body = _with_files(tables.pop("Scenario", schema))["properties"]
    alternative = {
        "type": "object",
        "description": "what differs from the base; keys may be dotted (teams.structure)",
        "properties": {name: table for name, table in body.items() if name not in WHOLE_STUDY},
        "patternProperties": {r"^[a-z_]+\.": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "simkit scenario",
        "description": inspect.getdoc(Scenario),
        "type": "object",
        "properties": {
            "extends": {
                "type": "string",
                "description": "a preset, or a YAML file beside this one, that this one changes",
            },
            "alternatives": {"type": "object", "additionalProperties": _nullable({"$ref": "#/$defs/alternative"})},
            **body,
        },
        "additionalProperties": False,
        "$defs": {**tables, "alternative": alternative, "change": _CHANGE, "short": _SHORT, "file": _FILE},
    }


def _as_written(schema: Any) -> Any:
    """Partial tables allowed, and repeated parts named once."""
    if isinstance(schema, list):
        return [_as_written(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema in (_CHANGE, _SHORT):
        return {"$ref": "#/$defs/change" if schema == _CHANGE else "#/$defs/short"}
    left_out = ["discriminator", "required" if isinstance(schema.get("required"), list) else ""]
    if "anyOf" in schema:
        left_out += ["minLength", "maxLength"]  # pydantic means items of the list, an editor letters of the short form
    return {_KEYWORDS.get(key, key): _as_written(value) for key, value in schema.items() if key not in left_out}


def _with_files(table: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in table:
        return table
    return {**table, "properties": {name: _or_file(part) for name, part in table["properties"].items()}}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _or_file(schema: dict[str, Any]) -> dict[str, Any]:
    """A table or list may stand in a file of its own."""
    refers = "$ref" in schema and not schema["$ref"].endswith(("/change", "/short", "/file"))
    if refers or schema.get("type") in ("object", "array"):
        kept: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
        return {**kept, "anyOf": [{k: v for k, v in schema.items() if k not in kept}, {"$ref": "#/$defs/file"}]}
    if "anyOf" in schema and not any(part.get("$ref", "").endswith(("/change", "/file")) for part in schema["anyOf"]):
        return {**schema, "anyOf": [*schema["anyOf"], {"$ref": "#/$defs/file"}]}
    return schema
