"""Holds inputs of an AWS operation against the model that AWS's client has of it.

Standard input has a JSON array of them; standard output gets one of what is wrong with each.
"""
import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

service, operation = sys.argv[1:]
model = botocore.session.get_session().get_service_model(service)
shape = model.operation_model(operation).input_shape

def check(value, shape, name, problems):
    """What the client leaves to the server: patterns, enums and greatest lengths."""
    if shape.type_name == 'structure':
        for key, part in value.items():
            check(part, shape.members[key], f'{name}.{key}', problems)
    elif shape.type_name == 'list':
        for part in value:
            check(part, shape.member, name, problems)
    elif shape.type_name == 'string':
        raw = model._service_description['shapes'][shape.name]
        if len(value) > raw.get('max', len(value)):
            problems.append(f'{name}: longer than {raw["max"]}')
        if 'enum' in raw and value not in raw['enum']:
            problems.append(f'{name}: not one of {raw["enum"]}')
        if 'pattern' in raw and not re.search(raw['pattern'], value):
            problems.append(f'{name}: not {raw["pattern"]}')


def problems_of(params):
    report = ParamValidator().validate(params, shape).generate_report()
    problems = [report] if report else []
    if not problems:
        check(params, shape, operation, problems)
    return problems


json.dump([problems_of(params) for params in json.load(sys.stdin)], sys.stdout)
