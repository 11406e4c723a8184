"""Holds the input of an AWS operation, as JSON on standard input, against the model that AWS's client has of it."""
import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

service, operation = sys.argv[1:]
model = botocore.session.get_session().get_service_model(service)
shape = model.operation_model(operation).input_shape
params = json.load(sys.stdin)

problems = [ParamValidator().validate(params, shape).generate_report()]


def check(value, shape, name):
    """What the client leaves to the server: patterns, enums and greatest lengths."""
    if shape.type_name == 'structure':
        for key, part in value.items():
            check(part, shape.members[key], f'{name}.{key}')
    elif shape.type_name == 'list':
        for part in value:
            check(part, shape.member, name)
    elif shape.type_name == 'string':
        raw = model._service_description['shapes'][shape.name]
        if len(value) > raw.get('max', len(value)):
            problems.append(f'{name}: longer than {raw["max"]}')
        if 'enum' in raw and value not in raw['enum']:
            problems.append(f'{name}: not one of {raw["enum"]}')
        if 'pattern' in raw and not re.search(raw['pattern'], value):
            problems.append(f'{name}: not {raw["pattern"]}')


if not problems[0]:
    check(params, shape, operation)
found = '\n'.join(problem for problem in problems if problem)
sys.exit(found or 0)
