"""Errors of the gateway: each with a stable code, an HTTP status and what to do about it.

EquipoiseError (protocols.errors)
└── GatewayError: the program cannot go on with this request
"""
